PY  ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DEMO := .venv/.demo
WORKLOADS ?= ../shared/workloads
# One more than processors: many tests wait for processes and servers.
WORKERS ?= $(shell $(PY) -c "import os; print(os.cpu_count() + 1)")

# The tests start hundreds of processes: what these import is compiled once, also where the environment says no.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-browser lint types unit record screenshots soak bench clean
help:  ## what you can do here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

$(STAMP): pyproject.toml integrations/langcache-orchestrator/pyproject.toml
	test -x $(BIN)/python || $(PY) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]' -e integrations/langcache-orchestrator
	touch $(STAMP)

$(DEMO): pyproject.toml
	test -x $(BIN)/python || $(PY) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[demo]'
	touch $(DEMO)

demo: $(DEMO)  ## the main job, offline, no key: 100 applicants, a handful of calls
	$(BIN)/langcache demo

test: lint types unit  ## lint, types, all tests

lint: $(STAMP)  ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

unit: $(STAMP)  ## the tests, with branch coverage shown
	$(BIN)/pytest -n $(WORKERS) -m 'not browser' --cov --cov-report=term -q

test-browser: $(STAMP)  ## the dashboard in a real Chromium (installs Debian's chromium where there is none)
	command -v chromium > /dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	$(BIN)/pytest -m browser -q

screenshots: $(STAMP)  ## the pictures in docs/screenshots/, in a real Chromium
	PYTHONPATH=tests $(BIN)/python docs/screenshots/take.py

soak: $(STAMP)  ## the same laws at full counts (an hour or so); the result is kept in docs/soak.txt
	@{ echo "make soak, $$(date -u +%F), commit $$(git rev-parse --short HEAD), $$($(BIN)/python --version)"; \
	  LANGCACHE_SOAK=1 HYPOTHESIS_PROFILE=soak $(BIN)/pytest -n auto -m soak -q --timeout=7200 --durations=0; \
	} 2>&1 | tee docs/soak.txt

record: $(STAMP)  ## record all cassettes again (LIVE=1 and keys: from the real providers)
	$(BIN)/python -m langcache.cli.demo.record
	$(BIN)/python -m ai_orchestrator.record

bench: $(STAMP)  ## every benchmark, side by side with its peer (WORKLOADS=folder of real text)
	for b in $(filter-out benchmarks/templating.py,$(wildcard benchmarks/*.py)); do \
	  echo "== $$b"; $(BIN)/python $$b || exit 1; done
	test ! -d $(WORKLOADS) || $(BIN)/python benchmarks/templating.py $(WORKLOADS)

clean:  ## remove what the commands above made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov dist build langcache.db*
