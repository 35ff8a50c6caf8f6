"""All mutants, and a run of each: how many seeds it took, and which invariant noticed."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.deployment import Base, deploy
from tests.simulation.mutants.code import CODE
from tests.simulation.mutants.conditions import CONDITIONS
from tests.simulation.mutants.deployment import DEPLOYMENT
from tests.simulation.mutants.mutant import SEEDS_MAX, Mutant, mutated
from tests.simulation.run import simulate

MUTANTS: tuple[Mutant, ...] = (*CODE, *CONDITIONS, *DEPLOYMENT)
_BASE: list[Base] = []


@dataclass(frozen=True, slots=True)
class Verdict:
    """`seeds` that it took; `what` is empty for a mutant that lives."""

    name: str
    seeds: int
    invariant: int
    what: str

    @property
    def killed(self) -> bool:
        return bool(self.what)


def verdicts(names: Sequence[str] = (), jobs: int = 2) -> Iterator[Verdict]:
    """Of all mutants, or of those whose names hold one of these words."""
    _BASE.append(deploy())
    chosen = [
        place
        for place, mutant in enumerate(MUTANTS)
        if not names or any(word in mutant.name for word in names)
    ]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(_judged, chosen)


def _judged(place: int) -> Verdict:
    mutant = MUTANTS[place]
    with mutated(_BASE[-1], mutant) as base:
        for seed in range(1, SEEDS_MAX + 1):
            # Every check on every seed: the mutant may show in any of them.
            broken = simulate(base, seed, thorough=True).broken
            if broken:
                return Verdict(mutant.name, seed, *broken[0])
    return Verdict(mutant.name, SEEDS_MAX, 0, "")
