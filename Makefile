# The commands: run, down, test, check, simulate, mutants, lock. Everything lands in .venv and .local.
BIN := .venv/bin
# The checks look at the project only, whatever the caller's shell has set.
unexport PYTHONPATH

.PHONY: run down test check simulate mutants install lock clean

run: install ## bring the system up, send a batch of transactions through it, show what happened
	@./posting run

down: install ## stop everything that `run` started
	@./posting down

test: check ## all checks and all tests, the ones on the embedded engine included
	@$(BIN)/python -m pytest -m "not engine" --numprocesses 2 --dist worksteal
	@$(BIN)/python -m pytest -m engine --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: install ## static checks only
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@PYTHONPATH=src $(BIN)/lint-imports
	@$(BIN)/cfn-lint template.yaml

simulate: install ## thousands of runs under faults: make simulate SEEDS=10000
	@PYTHONPATH=src:. $(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000) --jobs 2

mutants: install ## each guard, rounding and netting step taken away once: what misses it
	@PYTHONPATH=src:. $(BIN)/python -m tests.taken_away
	@PYTHONPATH=src:. $(BIN)/python -m tests.simulation.mutants

install:
	@./bootstrap

lock: install ## write the pinned requirements anew after a change of a .in file
	@./bootstrap lock

clean: down ## forget the local system's state and everything built
	@rm -rf .local .aws-sam .mypy_cache .pytest_cache .ruff_cache
