"""python -m tests.taken_away: the table of steps, of rounding, netting, conditions and repairs,
each taken away once.
"""

import sys

from tests.taken_away import STEPS
from tests.taken_away.running import missed, sound

_WIDE = 66


def main() -> int:
    sound(step.test for step in STEPS)
    print(f"{'without this step':{_WIDE}} misses it")
    nobody = 0
    for step, found in zip(STEPS, missed(STEPS), strict=True):
        nobody += not found
        print(f"{step.name:{_WIDE}} {step.test.rpartition('::')[2] if found else 'NOBODY'}")
    print(f"{len(STEPS)} steps, {nobody} that nobody misses")
    return bool(nobody)


if __name__ == "__main__":
    sys.exit(main())
