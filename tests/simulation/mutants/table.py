"""All mutants, and a run of each: how many seeds it took, and which invariant noticed."""

import gc
import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.simulation.deployment import Base, deploy
from tests.simulation.mutants.code import CODE
from tests.simulation.mutants.conditions import CONDITIONS
from tests.simulation.mutants.deployment import DEPLOYMENT
from tests.simulation.mutants.mutant import SEEDS_MAX, Mutant, mutated
from tests.simulation.run import simulate
from tests.simulation.scenario import Focus

MUTANTS: tuple[Mutant, ...] = (*CODE, *CONDITIONS, *DEPLOYMENT)
KNOWN = Path(__file__).parent / "known_seeds.json"
_OBJECTS_UNSEEN = 50_000
_BASE: list[Base] = []


@dataclass(frozen=True, slots=True)
class Verdict:
    """The `seed` at which it died, how many were `tried`; `what` is empty where it lives."""

    name: str
    seed: int
    tried: int
    invariant: int
    what: str

    @property
    def killed(self) -> bool:
        return bool(self.what)


def base() -> Base:
    """What all runs of this process start from."""
    if not _BASE:
        _BASE.append(deploy())
    return _BASE[-1]


def named(name: str) -> Mutant:
    """The mutant of this name. Raises KeyError where there is none."""
    return {each.name: each for each in MUTANTS}[name]


def known_seeds() -> dict[str, int]:
    """The first seed at which each mutant died when that was last measured."""
    seeds: dict[str, int] = json.loads(KNOWN.read_text())
    return seeds


def remember(seeds: Mapping[str, int]) -> None:
    listed = {each.name: seeds[each.name] for each in MUTANTS if each.name in seeds}
    KNOWN.write_text(json.dumps(listed, indent=2) + "\n")


def verdicts(
    names: Sequence[str] = (), jobs: int = 2, *, measured: bool = False
) -> Iterator[Verdict]:
    """Of the mutants with a known seed, or of those whose names hold one of these words, as each
    is done; of all where they are `measured`.

    The seed that is known to kill a mutant goes first; then, or where that is to be `measured`
    anew, the seeds from 1 on in their order.
    """
    known = {} if measured else known_seeds()
    base()
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNSEEN)
    chosen = [
        place
        for place, mutant in enumerate(MUTANTS)
        if measured or names or mutant.name in known
        if not names or any(word in mutant.name for word in names)
    ]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        places = [pool.submit(_judged, each, known.get(MUTANTS[each].name)) for each in chosen]
        yield from (each.result() for each in as_completed(places))


def _judged(place: int, known: int | None) -> Verdict:
    mutant = MUTANTS[place]
    seeds = [*([known] if known else []), *range(1, SEEDS_MAX + 1)]
    tried = 0
    while tried < len(seeds):
        tried, broken = _first_broken(mutant, seeds, tried)
        # What breaks without the mutant, too, says nothing about it.
        if broken and _sound(seeds[tried - 1], mutant.focus):
            return Verdict(mutant.name, seeds[tried - 1], tried, *broken[0])
    return Verdict(mutant.name, 0, len(seeds), 0, "")


def _first_broken(
    mutant: Mutant, seeds: Sequence[int], after: int
) -> tuple[int, list[tuple[int, str]]]:
    """How many seeds were tried by then, and what the last of them breaks."""
    with mutated(base(), mutant) as changed:
        for tried, seed in enumerate(seeds[after:], after + 1):
            # Every check on every seed: the mutant may show in any of them.
            broken = simulate(changed, seed, thorough=True, focus=mutant.focus).broken
            if broken:
                return tried, broken
    return len(seeds), []


@cache
def _sound(seed: int, focus: Focus) -> bool:
    return not simulate(base(), seed, thorough=True, focus=focus).broken
