# The commands of this project. A fresh machine needs Python 3.11 or newer, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= auto

.PHONY: demo test check format bench completions lock clean

demo: $(READY)  ## install, then ask a question about the example contracts
	$(BIN)/rlm ask examples/contracts "find indemnification conflicts"

test: $(READY) lint  ## lint, types, import contracts and every test
	$(BIN)/python -m pytest -n $(JOBS)

check: $(READY) lint  ## what should pass before each commit, in under a minute: all but kernels and whole programs
	$(BIN)/python -m pytest -n $(JOBS) tests/unit tests/architecture --ignore tests/unit/kernel --ignore tests/unit/test_example_contracts.py

.PHONY: lint
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure what bench/RESULTS.md claims
	$(BIN)/python -m bench

completions: $(READY)  ## write completions/ and man/ from the command tree
	$(BIN)/rlm completions bash > completions/rlm.bash
	$(BIN)/rlm completions zsh > completions/_rlm
	$(BIN)/rlm completions fish > completions/rlm.fish
	$(BIN)/python -m rlm_cli.cli.man_pages man

lock:  ## resolve the dependencies again, with hashes
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --quiet --output-file requirements.lock

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("rlm needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .bench
