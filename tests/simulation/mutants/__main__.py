"""python -m tests.simulation.mutants [--measure] [WORD ...]: the table of mutants, those with a
known seed or those whose names hold a word.

Each is tried at the seed that is known to kill it first, and then it is looked whether every
condition that runs ask of the database is taken away by one. `--measure` goes through the seeds
from 1 on instead, with all mutants, and keeps the first seed that kills each.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.simulation.mutants.completeness import without_a_mutant
from tests.simulation.mutants.table import MUTANTS, base, known_seeds, remember, verdicts

_WIDE = 48


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="from seed 1 on, and keep them")
    parser.add_argument("words", nargs="*")
    given = parser.parse_args(arguments)
    print(f"{'mutant':{_WIDE}} dies at seed  invariant")
    seeds, told = known_seeds(), []
    for each in verdicts(given.words, measured=given.measure):
        found = f"{each.invariant:>3}  {each.what[:90]}" if each.killed else "LIVES"
        print(f"{each.name:{_WIDE}} {each.seed or '-':>12}  {found}", flush=True)
        told.append(each)
        if given.measure and each.killed:
            seeds[each.name] = each.seed
            remember(seeds)
    alive = sum(1 for each in told if not each.killed)
    print(
        f"{len(told)} mutants, {alive} alive; {sum(each.tried for each in told)} schedules."
        " From seed 1 on: python -m tests.simulation.mutants --measure"
    )
    untouched = [] if given.words or given.measure else without_a_mutant(base(), MUTANTS)
    for asked in untouched:
        print(f"NOTHING takes {asked.condition!r} of {asked.table} {asked.prefix} away")
    unknown = [each.name for each in MUTANTS if each.name not in seeds]
    if unknown:
        print(f"{len(unknown)} without a known seed, to be measured: {'; '.join(unknown)}")
    return bool(alive or untouched or unknown)


if __name__ == "__main__":
    sys.exit(main())
