"""JSONata for the simulated workflows: an expression is compiled once into Python closures.

The syntax tree comes from jsonata-python's parser; evaluation is our own, because the library needs
ten milliseconds for one run of a workflow and a simulation makes thousands of runs.
Where the dialects differ, Step Functions wins: JSONata 2.0.6, no `$eval`, and `$parse`, `$hash`,
`$range`, `$partition` on top. What cannot be repeated (`$uuid`, `$random`, `$shuffle`) is refused
when an expression is compiled, and so is every construct that is not known here.
"""

from tests.simulation.jsonata.compile import compiled
from tests.simulation.jsonata.frames import CLOCK
from tests.simulation.jsonata.values import MISSING, QueryFailed, plain

__all__ = ["CLOCK", "MISSING", "QueryFailed", "compiled", "plain"]
