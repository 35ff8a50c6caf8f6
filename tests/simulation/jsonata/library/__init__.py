"""JSONata's functions, by name, and those that Step Functions adds."""

from tests.simulation.jsonata.library import (
    arrays,
    logic,
    numbers,
    objects,
    patterns,
    states,
    strings,
    times,
)
from tests.simulation.jsonata.native import LIBRARY

__all__ = [
    "LIBRARY",
    "arrays",
    "logic",
    "numbers",
    "objects",
    "patterns",
    "states",
    "strings",
    "times",
]
