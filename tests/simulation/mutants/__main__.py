"""python -m tests.simulation.mutants [WORD ...]: the table of mutants, all or those with a word."""

import sys

from tests.simulation.mutants.table import verdicts

_WIDE = 44


def main(words: list[str]) -> int:
    print(f"{'mutant':{_WIDE}} seeds  invariant")
    told = []
    for each in verdicts(words):
        found = f"{each.invariant:>3}  {each.what[:90]}" if each.killed else "LIVES"
        print(f"{each.name:{_WIDE}} {each.seeds:>5}  {found}", flush=True)
        told.append(each)
    alive = sum(1 for each in told if not each.killed)
    print(f"{len(told)} mutants, {alive} alive")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
