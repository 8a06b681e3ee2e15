# Works on a bare Debian with python3.11: no target needs anything installed first, and `make venv` is the only one
# that writes outside var/ and .venv (pip's own cache). `make` alone says what there is.

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements.txt requirements-dev.txt
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo run test screenshots check services rabbitmq4 bench bench-venv clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMP) ## Make .venv with the pinned dependencies and this project

# The stamp holds a digest of what it was made from: a checkout that only touches the files installs nothing.
$(STAMP): $(LOCKS) setup.cfg pyproject.toml
	@wanted=$$(cat $^ | sha256sum) && if [ -x $(BIN)/bridge ] && [ "$$(cat $@ 2>/dev/null)" = "$$wanted" ]; then \
	    touch $@; exit 0; \
	fi; \
	set -e; \
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { echo "make: python3.11 with venv is needed (apt-get install python3.11-venv)" >&2; exit 1; }; \
	echo "Installing the pinned dependencies into $(VENV) ..."; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .; \
	echo "$$wanted" > $@

demo: venv ## Run the whole product with stand-ins for both systems (ARGS=--once: play the tour and end)
	@$(BIN)/bridge demo $(ARGS)

run: venv ## Run the processes of the Procfile with the settings of the environment or .env
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start web consumer clock

services: ## Install what the tests start privately (RabbitMQ, PostgreSQL, Prometheus, Chromium); starts nothing
	@tests/services/install

# Two at a time: most tests wait for processes or the disk; with three, browsers miss keys on two cores. A file's tests stay together.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile

test: venv services ## Run all tests
	@$(PYTEST) $(ARGS)

screenshots: venv services ## Take pictures of the sidebar and the console into docs/screenshots
	@$(BIN)/python -m tests.browser.screenshots

# All of them run, whatever fails; the tests last, so that their summary ends the output.
CHECKS := format lint types imports tests
check_format = $(BIN)/ruff format --check .
check_lint = $(BIN)/ruff check .
check_types = $(BIN)/mypy
check_imports = $(BIN)/lint-imports --no-cache
check_tests = $(PYTEST) $(ARGS)

check: venv services ## Run format, lint, types, imports and tests: all of them, then list what failed
	@failed=""; \
	$(foreach name,$(CHECKS),echo "== $(name): $(check_$(name))"; $(check_$(name)) || failed="$$failed $(name)";) \
	if [ -n "$$failed" ]; then echo "check: failed:$$failed" >&2; exit 1; fi

docs: venv ## Make docs/configuration.md out of the code
	@page=$$($(BIN)/python -m bridge.configuration_page) && echo "$$page" > docs/configuration.md

rabbitmq4: venv ## Run the broker's contract tests on RabbitMQ 4 (from Debian trixie, in a folder of its own)
	@folder=$$(tests/services/fetch-rabbitmq4); status=$$?; \
	if [ $$status = 3 ]; then echo "rabbitmq4: SKIPPED, it cannot be had on this machine"; exit 0; fi; \
	[ $$status = 0 ] || exit $$status; \
	BRIDGE_TEST_RABBITMQ4="$$folder" $(BIN)/pytest -m rabbitmq $(wildcard tests/contracts/test_broker*.py) tests/services/test_services.py $(ARGS)

bench-venv: venv ## Install the benchmark's peers into var/bench-venv
	@[ -x var/bench-venv/bin/python ] || $(PYTHON) -m venv var/bench-venv
	@var/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt

# An hour and more; nothing else should run meanwhile. BENCH=ingest measures one number alone.
BENCH ?= ingest latency pushes outage fair_shares sidebars sidebar_paint memory refresh backfill
# Half an hour and more; nothing else should run meanwhile. BENCH=ingest measures one number alone.
BENCH ?= ingest latency pushes outage sidebars consoles console_pages memory refresh
bench: bench-venv services ## Measure all numbers of bench/results.md anew (BENCH=ingest: one of them)
	@missed=""; for name in $(BENCH); do $(BIN)/python -m bench.$$name --keep $(ARGS) || missed="$$missed $$name"; done; \
	if [ -n "$$missed" ]; then echo "bench: not all targets met:$$missed" >&2; exit 1; fi

clean: ## Delete the environment, caches and state (var/)
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
