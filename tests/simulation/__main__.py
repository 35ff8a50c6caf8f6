"""python -m tests.simulation --seeds 10000 [--first 1] [--jobs 2]; --seed 7 --trace for one."""

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation.access.beyond import needless, reason
from tests.simulation.access.statements import Grant
from tests.simulation.deployment import Base, deploy
from tests.simulation.errands import errands
from tests.simulation.report import commit, regressions, replayed, report
from tests.simulation.run import simulate

_SHARE = 50
_REPORTED_MAX = 5
_OBJECTS_UNSEEN = 500_000
_BASE: list[Base] = []


@dataclass(slots=True)
class Share:
    """What some seeds came to."""

    seeds: int = 0
    faults: int = 0
    runs: int = 0
    virtual_seconds: float = 0.0
    failed: list[int] = field(default_factory=list)
    used: set[Grant] = field(default_factory=set)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="print what happened in it")
    parser.add_argument("--digests", action="store_true", help="print a hash of each course")
    parser.add_argument("--regressions", action="store_true", help="replay the kept ones instead")
    parser.add_argument("--grants", action="store_true", help="fail on grants that nobody used")
    given = parser.parse_args(arguments)
    if given.regressions:
        return _replay()
    if given.digests:
        return _digests(given.first, given.seeds)
    if given.seed is not None:
        return _one(given.seed, given.trace)
    return _many(given.first, given.seeds, given.jobs, grants=given.grants)


def _digests(first: int, seeds: int) -> int:
    base = deploy()
    for seed in range(first, first + seeds):
        print(seed, simulate(base, seed, thorough=True).digest)
    return 0


def _one(seed: int, trace: bool) -> int:
    base = deploy()
    outcome = simulate(base, seed, thorough=True)
    if trace:
        print("\n".join(outcome.trace))
    if outcome.broken:
        print(report(base, outcome))
    else:
        print(f"seed {seed}: nothing breaks, {len(outcome.faults)} faults")
    return bool(outcome.broken)


def _replay() -> int:
    base, failed = deploy(), 0
    for case in regressions():
        outcome = replayed(base, case)
        failed += bool(outcome.broken)
        print(f"seed {outcome.seed}, {case['broke']}: {outcome.broken or 'holds'}")
    return bool(failed)


def _many(first: int, seeds: int, jobs: int, *, grants: bool) -> int:
    began, total = time.monotonic(), Share()
    base = deploy()
    _BASE.append(base)
    # What all runs share is not looked through again and again, and a run leaves little behind.
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNSEEN)
    starts = range(first, first + seeds, _SHARE)
    shares = [(start, min(_SHARE, first + seeds - start)) for start in starts]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for share in pool.map(_share, shares):
            _add(total, share)
    seconds = time.monotonic() - began
    for seed in total.failed[:_REPORTED_MAX]:
        print(report(base, simulate(base, seed, thorough=True)))
    print(
        f"{total.seeds} schedules at commit {commit()}: {len(total.failed)} violations,"
        f" {total.faults} faults, {total.runs} function runs,"
        f" {total.virtual_seconds / 3600:.0f} virtual hours,"
        f" {seconds:.0f} s, {total.seeds / seconds * 60:.0f} schedules a minute"
    )
    if total.failed:
        print("failed seeds:", *total.failed[:50])
    told = list(_of_grants(base, total)) if grants else []
    for line in told:
        print(line)
    return bool(total.failed or told)


def _of_grants(base: Base, total: Share) -> Iterator[str]:
    """Grants that neither the seeds nor the errands needed, and reasons that no grant needs."""
    errands(base)
    permissions = base.deployment.permissions
    # By the errands alone, which are the same for any seeds.
    for named in needless([*permissions.unused(), *permissions.unused_at_resources()]):
        yield f"no reason is needed for {' '.join(named)}"
    permissions.used |= total.used
    for grant in [*permissions.unused(), *permissions.unused_at_resources()]:
        if reason(grant) is None:
            where = f" where {grant.condition}" if grant.condition else ""
            yield f"nobody uses {grant.holder}: {grant.action} on {grant.resource}{where}"


def _share(bounds: tuple[int, int]) -> Share:
    share, (first, count) = Share(), bounds
    for seed in _seeds(first, count):
        outcome = simulate(_BASE[0], seed)
        share.seeds += 1
        share.faults += len(outcome.faults)
        share.runs += outcome.runs
        share.virtual_seconds += outcome.virtual_seconds
        if outcome.broken:
            share.failed.append(seed)
    share.used = _BASE[0].deployment.permissions.used
    return share


def _seeds(first: int, count: int) -> Iterator[int]:
    yield from range(first, first + count)


def _add(total: Share, share: Share) -> None:
    total.seeds += share.seeds
    total.faults += share.faults
    total.runs += share.runs
    total.virtual_seconds += share.virtual_seconds
    total.failed += share.failed
    total.used |= share.used


if __name__ == "__main__":
    sys.exit(main())
