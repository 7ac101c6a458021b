# Two commands are enough on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
MAKEFLAGS += --no-print-directory

.PHONY: setup run check test bench lock docs record clean

setup: .venv/ready ## the virtual environment, with `nigehban` on it

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## the shipped city, answered by the simulator on loopback
	@$(BIN)/nigehban run --simulate

check: setup ## format, lint, types, import contracts, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow and not peer"

test: setup ## everything
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadgroup

docs: setup ## the pages made of data
	$(BIN)/python -m app.docs

lock: ## pinned and hashed requirements, naming no host (needs uv)
	uv pip compile pyproject.toml --generate-hashes --no-header --python-version 3.11 -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --group dev --generate-hashes --no-header --python-version 3.11 -q \
		-c requirements/runtime.txt -o requirements/dev.txt

clean: ## everything that can be made again
	rm -rf .venv data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
