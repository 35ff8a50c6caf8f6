"""python -m tests.taken_away: the table of steps, of rounding, netting and conditions, each taken
away once.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.taken_away import STEPS
from tests.taken_away.running import is_missed, sound

_JOBS = 2
_WIDE = 66


def main() -> int:
    sound(step.test for step in STEPS)
    print(f"{'without this step':{_WIDE}} misses it")
    with ThreadPoolExecutor(_JOBS) as pool:
        missed = list(pool.map(is_missed, STEPS))
    for step, found in zip(STEPS, missed, strict=True):
        print(f"{step.name:{_WIDE}} {step.test.rpartition('::')[2] if found else 'NOBODY'}")
    print(f"{len(STEPS)} steps, {missed.count(False)} that nobody misses")
    return int(not all(missed))


if __name__ == "__main__":
    sys.exit(main())
