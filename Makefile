# The two commands of this project are `make run` and `make test`; `make help` lists the rest.
# Needed beforehand: Python 3.11 to 3.13, git and make. Everything else goes into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Two torch threads that wait for each other by spinning are slower than one.
export OMP_WAIT_POLICY ?= PASSIVE

# PYTHON=... chooses the interpreter; otherwise the first of these that runs and fits is taken.
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

.PHONY: help run install demo test install-dev lint types unit model browser chromium clean

help: ## say what each target does
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: demo ## install, import and index the demo catalog, open the app (PORT=8501)
	$(BIN)/skillrouter app --port $(PORT)

install: $(VENV)/.installed ## make .venv and install the pinned dependencies

demo: install ## import the demo catalog into the workspace and index it
	$(BIN)/skillrouter import demo
	$(BIN)/skillrouter index

test: lint types unit model browser ## every check: style, types, fast tests, real models, real browser

install-dev: $(VENV)/.installed-dev ## the same with the tools that the checks need

lint: install-dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev ## mypy, strict for skillrouter_core and db
	$(BIN)/mypy

unit: install-dev ## the fast tests, offline, a file to a worker
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

model: install-dev ## the tests that run the embedded models
	$(BIN)/pytest -m "model and not browser"

browser: install-dev chromium ## the tests that drive a real browser
	$(BIN)/pytest -m browser -n auto --maxprocesses 2 --dist loadfile

chromium: ## install Debian's Chromium where there is none and that is allowed
	@for name in $${SKILLROUTER_CHROMIUM:-} chromium chromium-browser google-chrome; do \
	  if command -v "$$name" >/dev/null; then exit 0; fi; \
	done; \
	as_root=(); \
	if [ "$$(id -u)" != 0 ]; then as_root=(sudo -n); fi; \
	if command -v apt-get >/dev/null && "$${as_root[@]}" true 2>/dev/null; then \
	  echo "Installing Chromium for the browser tests"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  "$${as_root[@]}" apt-get update -qq && "$${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium; \
	else \
	  echo "The browser tests need Chromium. Install it (on Debian: apt-get install chromium)" \
	       "or name its program in SKILLROUTER_CHROMIUM, then run make again." >&2; \
	  exit 1; \
	fi

clean: ## remove .venv and what the tools cached; workspaces stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps are younger than the files that name the dependencies while an install is current.
$(VENV)/.installed: pyproject.toml constraints.txt $(BIN)/python
	@echo "Installing the dependencies into $(VENV) (some minutes the first time)"
	$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt $(BIN)/python
	@echo "Installing the dependencies and the test tools into $(VENV) (some minutes the first time)"
	$(PIP_INSTALL) -e '.[dev]'
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@for name in $(CANDIDATES); do \
	  if command -v "$$name" >/dev/null && "$$name" -c '$(FITS)' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$name" --version)"; \
	    exec "$$name" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 with the venv module was found. Install one" \
	     "(on Debian: apt-get install python3-venv) or name it: make PYTHON=/path/to/python3.12 run" >&2; \
	exit 1
