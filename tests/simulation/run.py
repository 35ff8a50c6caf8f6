"""One run: a scenario under faults, then the drain, then the invariants."""

import random
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.simulation.accepters import Accepters
from tests.simulation.books import SWEEP, swept
from tests.simulation.clerks import Clerks
from tests.simulation.cloud import CloudRun, Streams
from tests.simulation.deployment import Base
from tests.simulation.disputers import Disputers
from tests.simulation.doors import Doors
from tests.simulation.drain import Drain, NotDrained
from tests.simulation.faults import Fired
from tests.simulation.invariants import Evidence, violations
from tests.simulation.legs import Interface
from tests.simulation.openers import Openers
from tests.simulation.people import People
from tests.simulation.scenario import ANYTHING, Drawing, Focus
from tests.simulation.scheduler import Endless
from tests.simulation.seam import SEAM
from tests.simulation.silence import Silence
from tests.simulation.standing import guarding
from tests.simulation.watchers import Watchers

_BEGIN_SECONDS = 600.0
_SPARING = 0.01
# Of runs about nothing in particular. In the others nobody does anything: they take less time, and
# what must become of their messages is known exactly.
_IN_COMPANY = 0.4
# Odd, so that runs that repair themselves and runs that do not both get their turn.
_THOROUGH = 25
# Far from the trace numbers of the other messages.
_BURST_STAN = 5_000


@dataclass(slots=True)
class Outcome:
    """What a run came to: what was broken, by number of the invariant, and how it got there."""

    seed: int
    broken: list[tuple[int, str]]
    faults: list[Fired]
    drawn: int
    messages: int
    runs: int
    virtual_seconds: float
    digest: str
    trace: list[str] = field(repr=False)


def begun(base: Base, seeds: Streams, only: Collection[int] | None = None) -> CloudRun:
    """A run in the state that each one starts from, before anything is sent."""
    SEAM.clock.seconds = _BEGIN_SECONDS
    run = CloudRun(base.deployment, SEAM.clock, seeds, only, _SPARING)
    SEAM.cloud = run
    base.deployment.deployed.forget()
    run.database.restore(base.tables)
    run.database.guard = guarding(run.database.tables["ParkedTable"].items)
    for bucket, objects in base.objects.items():
        run.buckets.objects[bucket] = {key: list(versions) for key, versions in objects.items()}
    run.database.tables["ClaimsTable"].items[SWEEP] = swept(run.clock.now().isoformat()[:16])
    return run


def simulate(
    base: Base,
    seed: int,
    only: Collection[int] | None = None,
    most: int | None = None,
    thorough: bool | None = None,
    focus: Focus = ANYTHING,
) -> Outcome:
    """`only` these faults, `most` so many messages; `thorough` also makes the expensive checks,
    which else every twenty-fifth seed does.
    """
    seeds = Streams.of(seed)
    run = begun(base, seeds, only)
    run.faults.favour(focus.faults)
    run.keep_waiting(focus.slow, random.Random(f"waits of {seed}"))
    scenario = Drawing(seeds.scenario, focus).scenario(most)
    if most is None:
        many = Drawing(random.Random(f"burst of {seed}"), focus, _BURST_STAN)
        scenario.requests += many.burst(scenario.until)
    doors = Doors(run)
    doors.open(scenario, _BEGIN_SECONDS)
    # In every other run nothing repairs itself at first, so that a loss nobody notices shows.
    silence = seed % 2 == 0
    run.schedules.on = not silence
    people = People(run, seeds.scenario, focus, repairs=not silence)
    interface = Interface(run, random.Random(f"legs of {seed}"), focus)
    interface.plan(scenario.until)
    clerks, openers = Clerks(run, seed, people, focus), Openers(run, seed, focus)
    if focus != ANYTHING or random.Random(f"company of {seed}").random() < _IN_COMPANY:
        people.plan(scenario)
        clerks.plan(scenario)
        Disputers(run, seed, people, focus).plan(scenario)
        openers.plan(scenario)
        Accepters(run, seed, focus).plan(scenario)
    end = _BEGIN_SECONDS + scenario.until * 1.5 + seeds.scenario.choice((30.0, 600.0))
    Watchers(run, seed, focus).plan()
    evidence = Evidence(run, base, scenario, doors, people, interface)
    course = _Course(evidence, clerks, openers)
    try:
        course.played(end, silence=silence)
        course.judged(seed % _THOROUGH == 0 if thorough is None else thorough)
    except Endless:
        course.broken.append((17, "it goes on without end"))
    return Outcome(
        seed=seed,
        broken=course.broken,
        faults=run.faults.happened,
        drawn=len(run.faults.drawn),
        messages=sum(1 for _ in scenario.planned),
        runs=run.functions.runs,
        virtual_seconds=run.clock.seconds - _BEGIN_SECONDS,
        digest=run.trace.digest(),
        trace=run.trace.lines,
    )


class _Course:
    """A run on its way: `broken` is what was found so far."""

    def __init__(self, evidence: Evidence, clerks: Clerks, openers: Openers) -> None:
        self.broken: list[tuple[int, str]] = []
        self._run = evidence.run
        self._evidence = evidence
        self._clerks = clerks
        self._openers = openers

    def played(self, end: float, *, silence: bool) -> None:
        """Until `end` under faults, then without them until nothing is left to do.

        Raises Endless.
        """
        run, evidence = self._run, self._evidence
        while run.scheduler.step(end):
            pass
        run.clock.seconds = max(run.clock.seconds, end)
        run.faults.on = False
        run.note("no more faults")
        drain = Drain(run, evidence.doors)
        try:
            drain.settle()
            if silence:
                lost = Silence(run, evidence.people.decided).broken()
                self.broken += [(3, what) for what in lost]
                run.schedules.on = True
            drain.drain(by_hand=silence)
            self._openers.repair(drain.ask)
            drain.settle()
            evidence.people.resum(drain.ask)
            self.broken += [(10, what) for what in self._clerks.close(drain.ask)]
            drain.settle()
        except NotDrained as left:
            self.broken.append((17, str(left)))

    def judged(self, thorough: bool) -> None:
        """Raises Endless."""
        self.broken += violations(self._evidence, thorough)
