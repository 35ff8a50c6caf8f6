"""Rounding, netting, conditions and repairs, taken away one by one: a named test must miss each."""

from tests.taken_away.arithmetic import ARITHMETIC
from tests.taken_away.conditions import CONDITIONS
from tests.taken_away.repairs import REPAIRS

STEPS = (*ARITHMETIC, *CONDITIONS, *REPAIRS)
