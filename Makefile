# `make demo` and `make test` do all their own set-up: Python 3.11 and make are enough.
PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON) 2>/dev/null),)
PYTHON := python3
endif
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q


.PHONY: demo test lint type unit eval bench chaos fuzz docs dist dist-check clean help

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime  ## watch Tay answer several people, then see what was decided and why
	@$(BIN)/tay demo

test: lint type unit  ## everything that gates: lint, types, layers, tests, coverage

lint: $(VENV)/.dev  ## ruff (lint and format) and the layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

type: $(VENV)/.dev  ## mypy, strict
	$(BIN)/mypy

unit: $(VENV)/.dev  ## the tests, with the coverage floor
	$(BIN)/pytest -n 2 --ignore=tests/slow --ignore=tests/chaos --ignore=tests/fuzz --cov --cov-report=term

eval: $(VENV)/.runtime  ## how right the decisions are, on the label files
	@$(BIN)/python -m tay_middleware.evals

bench: $(VENV)/.dev  ## what we cost, side by side with doing nothing
	$(BIN)/python -m benchmarks.stream
	$(BIN)/python -m benchmarks.detect
	$(BIN)/python -m benchmarks.redis_turn
	$(BIN)/python -m benchmarks.drain_rate
	$(BIN)/python -m benchmarks.reading
	$(BIN)/python -m benchmarks.webhooks
	$(BIN)/python -m benchmarks.admin

chaos: $(VENV)/.dev  ## real servers frozen, killed and filled up under load: what is missing, doubled, slow
	$(BIN)/pytest -q -p no:cacheprovider tests/chaos

docs: $(VENV)/.dev  ## check that every link and command in the documents holds
	$(BIN)/pytest -q -p no:cacheprovider tests/docs

dist: $(VENV)/.dev  ## the wheel, prompts included
	$(BIN)/python -m build --wheel --outdir dist .

dist-check: $(VENV)/.dev  ## the wheel alone, in an empty environment, runs the README
	$(BIN)/pytest -q -p no:cacheprovider tests/slow

fuzz: $(VENV)/.fuzz  ## the API held against its own OpenAPI document, for FUZZ_SECONDS (300)
	$(BIN)/pytest -q -p no:cacheprovider tests/fuzz

clean:  ## away with everything that can be made again
	rm -rf $(VENV) dist build .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "setting up $(VENV) ..."
	@$(PIP) install -c constraints.txt -e '.[chat,web]'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@$(PIP) install -c constraints.txt -e '.[chat,web,dev]'
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	@$(PIP) install -c constraints.txt -e '.[chat,web,dev,fuzz]'
	@touch $@
