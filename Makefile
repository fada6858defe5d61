# onefunnel: the commands of a working copy. Each sets up .venv first; that costs a minute once and again when the lock changes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check lint docs bench lock superset up down clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.requirements-installed
ONEFUNNEL_HOME ?= data
export ONEFUNNEL_HOME

# The first Python on this machine that the lock was made for and that can make an environment. The system's own comes first: distributions
# build theirs with profile-guided optimization, version managers mostly do not, and everything here takes a quarter longer with such a one.
PYTHON ?= $(shell for name in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$name && break; done)

help: ## Show these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | while IFS='|' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@# of a third of the time of the pip that Python brings; where there is no newer one, that one serves
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.2' || true
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	@# on all cores, where pip compiles on one; templates of other Pythons among them do not compile
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Run one night in Airflow on generated data; print the KPIs, the verdict and where to look (KEEP=1: on top of the last demo)
	@$(BIN)/python -m onefunnel.airflow_demo $(if $(KEEP),--keep)

# Modules of tests go side by side, each whole on one worker. One worker more than cores, since a night waits now and then; four at most.
WORKERS := $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$(( cores < 4 ? cores + 1 : 4 )))
# A hundred processes of the tests import the project: compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
PYTEST := $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadscope --no-loadscope-reorder

test: $(READY) ## Run every test this machine can run (PYTEST_ARGS="-m 'not slow'": only the fast ones)
	@$(PYTEST) --durations=30 $(PYTEST_ARGS)

check: $(READY) ## While working: style, types, the fast tests, what the documents claim; about a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy & types=$$!; $(PYTEST) --quiet -m "not slow and not browser and not airflow" tests/unit tests/systems $(PYTEST_ARGS); wait $$types

lint: $(READY) ## Check the style and the types of the Python code
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

docs: $(READY) ## Write docs/metrics.md from the seeds, and the dbt docs of the last build into target/
	@$(BIN)/python -m onefunnel.docs_metrics
	@$(BIN)/dbt docs generate --quiet

bench: $(READY) ## Measure speed and memory; write benchmarks/results.md (BENCH_ARGS="--engine spark": Spark beside DuckDB)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

lock: ## Pin the dependencies of pyproject.toml anew (UPGRADE=1: take newer versions)
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)-lock/bin/python tools/make_lock.py $(if $(UPGRADE),--upgrade)

SUPERSET := .superset
superset: ## Set up Superset beside the project and import or update its dashboards (SUPERSET_POSTGRES_URL: on the marts in Postgres)
	@test -x $(SUPERSET)/venv/bin/superset || { echo "Setting up $(SUPERSET)/venv (900 MB) ..."; $(PYTHON) -m venv $(SUPERSET)/venv; \
		$(SUPERSET)/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement dashboards/superset/requirements.txt; }
	@$(SUPERSET)/venv/bin/python dashboards/superset/make.py --published $(ONEFUNNEL_HOME)/published/current.duckdb --state $(SUPERSET)

up: ## Start the team deployment (Airflow on Postgres) with Docker Compose
	docker compose up --build --detach --wait

down: ## Stop the team deployment; its volumes stay
	docker compose down

clean: ## Remove the environment and caches; never data
	rm -rf $(VENV) $(VENV)-lock target logs .pytest_cache .mypy_cache .ruff_cache .hypothesis build ./*.egg-info
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
