"""The guards of the system, taken away one by one: `python -m tests.simulation.mutants`."""
