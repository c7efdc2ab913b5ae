# The front door. `make` alone lists the commands.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ./errata-data
PORT ?= 8200

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Errata needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.ready ## create .venv from requirements.lock

run: setup ## start the server on http://127.0.0.1:8200 (DATA=./errata-data PORT=8200)
	$(BIN)/errata serve --data $(DATA) --port $(PORT)

demo: setup ## start it with recorded errors of small failing programs, in a folder of its own
	$(BIN)/errata demo --data ./errata-demo --port $(PORT)

test: setup ## lint, types, import contracts and all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

reference: setup ## print docs/reference and the table of operations from the code; a test fails when they are old
	$(BIN)/errata reference .

fuzz: setup ## six minutes of made-up input: bodies for each decoder, guided by coverage, then requests to a server
	$(BIN)/python tests/fuzz/fuzz_decoders.py $(FUZZ_DECODERS)
	$(BIN)/python tests/fuzz/fuzz_http.py $(FUZZ)
	$(BIN)/python tests/fuzz/fuzz_contract.py $(FUZZ_CONTRACT)

bench: setup ## measure this machine; docs/benchmarks.md says what was seen and how to read it
	$(BIN)/python -m bench

lock: ## compile requirements.lock anew (needs uv); releases younger than a week wait
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --override requirements/overrides.txt --exclude-newer "$$(date -u -d '7 days ago' +%F)" -o requirements.lock

.PHONY: help setup run demo test reference fuzz bench lock
