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
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: setup ## every figure beside its peers; FULL=1: at full size, ONLY=icmp,snmp: some of them
	@$(BIN)/python -m bench.run $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))

docs: setup ## the pages made of data
	$(BIN)/python -m app.docs

# Secrets go by the environment, never in a command's words: COMMUNITY, or SNMP_USER with AUTH_KEY, PRIV_KEY.
record: setup ## HOST=... NAME=... [COMMUNITY=... | SNMP_USER=... AUTH_KEY=... PRIV_KEY=...] [OPTIONS=...]
	@NIGEHBAN_COMMUNITY="$${COMMUNITY:-$${NIGEHBAN_COMMUNITY:-public}}" \
	NIGEHBAN_AUTH_KEY="$${AUTH_KEY:-$$NIGEHBAN_AUTH_KEY}" \
	NIGEHBAN_PRIV_KEY="$${PRIV_KEY:-$$NIGEHBAN_PRIV_KEY}" \
	$(BIN)/nigehban record "$(HOST)" --name "$(NAME)" \
		$(if $(SNMP_USER),--version 3 --user "$(SNMP_USER)") $(OPTIONS)

lock: ## pinned and hashed requirements, naming no host (needs uv)
	uv pip compile pyproject.toml --generate-hashes --no-header --python-version 3.11 -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --group dev --generate-hashes --no-header --python-version 3.11 -q \
		-c requirements/runtime.txt -o requirements/dev.txt

clean: ## everything that can be made again
	rm -rf .venv data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
