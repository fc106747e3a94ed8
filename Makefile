# make setup | run | test | check | lock | bench | drills. Needs python3, python3-venv, make and git.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := setup
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/stamps
PORT ?= 8000
# More arguments for pytest: make test ARGS="tests/house -x". One worker for each core, with its own browser: six at most.
ARGS ?=
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 2 ? 2 : cores > 6 ? 6 : cores)))

export FLASK_APP := wsgi.py

.PHONY: setup run test check lock bench drills translations format

# ── Setting up ──────────────────────────────────────────────────────────────────────────────────────────────────────
setup: $(STAMPS)/packages $(STAMPS)/assets $(STAMPS)/translations

$(STAMPS)/packages: requirements-dev.lock
	@test -x $(BIN)/python || { echo "Making the virtual environment .venv"; $(PYTHON) -m venv .venv; }
	@echo "Installing the locked Python packages"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@mkdir -p $(STAMPS) var && touch $@

ASSET_SOURCES := package-lock.json participation/foundation/assets.py $(shell find participation/front/assets -type f)

$(STAMPS)/assets: $(STAMPS)/packages $(ASSET_SOURCES)
	@$(BIN)/python -m participation.foundation.assets
	@touch $@

# axe and the HTML checker come from npm too, but only where somebody tests.
$(STAMPS)/checks: $(STAMPS)/packages $(ASSET_SOURCES)
	@$(BIN)/python -m participation.foundation.assets --checks
	@touch $@ $(STAMPS)/assets

$(STAMPS)/translations: $(STAMPS)/packages $(wildcard translations/*/LC_MESSAGES/messages.po)
	@if [ -d translations ]; then $(BIN)/pybabel --quiet compile --directory translations; fi
	@touch $@

# ── Running ─────────────────────────────────────────────────────────────────────────────────────────────────────────
run: export PARTICIPATION_ENV := development
run: export PORT := $(PORT)
run: setup
	@$(BIN)/flask db upgrade
# Loads once, and says each time who can sign in.
	@$(BIN)/flask example load
	@echo
	@echo "  http://127.0.0.1:$(PORT)"
	@echo "  Mails: http://127.0.0.1:$(PORT)/postfach"
	@echo "  Ctrl-C ends web and worker."
	@echo
	@$(BIN)/waitress-serve --listen=127.0.0.1:$(PORT) --connection-limit=1000 --threads=8 wsgi:app & web=$$!; $(BIN)/flask worker & worker=$$!; \
	trap 'kill $$web $$worker 2>/dev/null || true' INT TERM EXIT; \
	wait -n $$web $$worker || true; \
	kill $$web $$worker 2>/dev/null || true; wait || true

# ── Proving ─────────────────────────────────────────────────────────────────────────────────────────────────────────
# Without DATABASE_URL the suite makes SQLite files of its own; with it, databases beside the named one.
# In memory where there is room: each commit waits for the disk else, a hundred thousand times.
test: export TMPDIR := $(shell test -d /dev/shm -a -w /dev/shm && echo /dev/shm || echo /tmp)
test: export TEST_DATABASE_URL := $(DATABASE_URL)
test: $(STAMPS)/checks $(STAMPS)/translations
	@env -u DATABASE_URL $(BIN)/python -m pytest -rs -n $(WORKERS) --dist loadgroup -m "not drill" $(ARGS)

drills: export TEST_DATABASE_URL := $(DATABASE_URL)
drills: $(STAMPS)/checks $(STAMPS)/translations
	@env -u DATABASE_URL $(BIN)/python -m pytest -rsP -m drill $(ARGS)

# On the disk of the checkout: in memory a commit waits for nothing, and the raw loop beside it says nothing.
bench: export TMPDIR := $(CURDIR)/var
bench: export TEST_DATABASE_URL := $(DATABASE_URL)
bench: setup
	@env -u DATABASE_URL $(BIN)/python -m tests.bench $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m tests.house.translations
	$(BIN)/python -m tests.house.migrations

# ── Keeping up ──────────────────────────────────────────────────────────────────────────────────────────────────────
format:
	$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

# Collects the marked texts into the English catalogue; what is new must then be translated there by hand.
translations: setup
	$(BIN)/python -m tests.house.translations --update

UV_COMPILE := compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
LISTS := import configparser, sys; lists = configparser.ConfigParser(); lists.read("setup.cfg"); \
	print(*(lists["dependencies"][name] for name in sys.argv[1:]))

lock: | $(STAMPS)/packages
	@$(BIN)/python -c '$(LISTS)' runtime | $(BIN)/uv pip $(UV_COMPILE) $(ARGS) -o requirements.lock -
	@$(BIN)/python -c '$(LISTS)' node | $(BIN)/uv pip $(UV_COMPILE) $(ARGS) -o requirements-node.lock -
	@$(BIN)/python -c '$(LISTS)' runtime development | $(BIN)/uv pip $(UV_COMPILE) $(ARGS) -c requirements.lock -o requirements-dev.lock -
