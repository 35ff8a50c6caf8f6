"""One run: a scenario under faults, then the drain, then the invariants."""

import random
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.simulation.clerks import Clerks
from tests.simulation.cloud import CloudRun, Streams
from tests.simulation.deployment import Base
from tests.simulation.doors import Doors
from tests.simulation.drain import Drain, NotDrained
from tests.simulation.faults import Fired
from tests.simulation.invariants import Evidence, violations
from tests.simulation.legs import Interface
from tests.simulation.people import People
from tests.simulation.scenario import Drawing
from tests.simulation.seam import SEAM
from tests.simulation.silence import Silence
from tests.simulation.standing import guard

_BEGIN_SECONDS = 600.0
_SPARING = 0.01


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


def simulate(
    base: Base,
    seed: int,
    only: Collection[int] | None = None,
    most: int | None = None,
    thorough: bool | None = None,
) -> Outcome:
    """`only` these faults, `most` so many messages; `thorough` also makes the expensive checks,
    which else every sixteenth seed does.
    """
    SEAM.clock.seconds = _BEGIN_SECONDS
    seeds = Streams.of(seed)
    run = CloudRun(base.deployment, SEAM.clock, seeds, only, _SPARING)
    SEAM.cloud = run
    base.deployment.deployed.forget_logs()
    run.database.guard = guard
    run.database.restore(base.tables)
    for bucket, objects in base.objects.items():
        run.buckets.objects[bucket] = {key: list(versions) for key, versions in objects.items()}
    swept = {"msg_id": {"S": "SWEEP"}, "minute": {"S": f"{run.clock.now().isoformat()[:16]}+00:00"}}
    run.database.tables["ClaimsTable"].items["SWEEP",] = swept
    scenario = Drawing(seeds.scenario).scenario(most)
    doors = Doors(run)
    doors.open(scenario, _BEGIN_SECONDS)
    # In every other run nothing repairs itself at first, so that a loss nobody notices shows.
    silence = seed % 2 == 0
    run.schedules.on = not silence
    people = People(run, seeds.scenario, repairs=not silence)
    people.plan(scenario)
    interface = Interface(run, random.Random(f"legs of {seed}"))
    interface.plan(scenario.until)
    clerks = Clerks(run, seed, people)
    clerks.plan(scenario)
    end = _BEGIN_SECONDS + scenario.until * 1.5 + seeds.scenario.choice((30.0, 600.0))
    broken: list[tuple[int, str]] = []
    while run.scheduler.step(end):
        pass
    run.clock.seconds = max(run.clock.seconds, end)
    run.faults.on = False
    run.note("no more faults")
    drain = Drain(run, doors)
    try:
        drain.settle()
        if silence:
            broken += [(3, what) for what in Silence(run, people.decided).broken()]
            run.schedules.on = True
        drain.drain(by_hand=silence)
        broken += [(10, what) for what in clerks.close(drain.ask)]
        drain.settle()
    except NotDrained as left:
        broken.append((17, str(left)))
    evidence = Evidence(run, base, scenario, doors, people, interface)
    broken += violations(evidence, seed % 16 == 0 if thorough is None else thorough)
    return Outcome(
        seed=seed,
        broken=broken,
        faults=run.faults.happened,
        drawn=len(run.faults.drawn),
        messages=sum(1 for _ in scenario.planned),
        runs=run.functions.runs,
        virtual_seconds=run.clock.seconds - _BEGIN_SECONDS,
        digest=run.trace.digest(),
        trace=run.trace.lines,
    )
