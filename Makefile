# SPDX-License-Identifier: Apache-2.0
#
# make check     set up .venv and run the proofs and comparisons: straightwire check
# make test      the same set-up, then pytest
# make lint types docs generate wheel clean
#
# On a bare Debian 12: apt-get install git make gcc python3-venv python3-dev ca-certificates

PYTHON ?= python3
CC ?= cc
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What the installed library and the installed metadata are made of; Python files are used in place.
SOURCES := pyproject.toml CMakeLists.txt native/source_hash.py \
	$(wildcard native/*/*.c native/*/*.h native/include/straightwire/*.h)

.PHONY: check test lint types docs generate wheel clean setup tools

check: $(READY)
	@$(BIN)/straightwire check

test: $(READY)
	@$(BIN)/python -m pytest

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

types: $(READY)
	@$(BIN)/mypy

docs: $(READY)
	@$(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html
	@echo "docs/_build/html/index.html"

# The C constants come from the model's tables, the engine's oracle from its relay; edit those.
generate: $(READY)
	@$(BIN)/python -m straightwire.model.c_header > native/include/straightwire/tables.h.new
	@mv native/include/straightwire/tables.h.new native/include/straightwire/tables.h
	@for part in h c; do \
		$(BIN)/python -m straightwire.model.c_oracle $$part > native/lockstep/oracle_generated.$$part.new && \
		mv native/lockstep/oracle_generated.$$part.new native/lockstep/oracle_generated.$$part || exit 1; done

wheel: $(READY)
	@$(BIN)/python -m build --outdir dist .

clean:
	rm -rf $(VENV) build dist docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis

setup: $(READY)
	@:

# What the machine must bring, said in one line each before anything is downloaded.
tools:
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON): apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a venv: apt-get install python3-venv" >&2; exit 1; }
	@command -v $(CC) >/dev/null || { echo "no C compiler ($(CC)): apt-get install gcc" >&2; exit 1; }
	@printf '#include <stdlib.h>\n' | $(CC) -fsyntax-only -xc - 2>/dev/null || \
		{ echo "$(CC) finds no C library headers: apt-get install libc6-dev" >&2; exit 1; }
	@test -e "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" || \
		{ echo "no Python.h for $(PYTHON): apt-get install python3-dev" >&2; exit 1; }

# One stamp for the whole set-up. A change of a C source or of pyproject.toml reinstalls, for an editable
# install never rebuilds its library by itself.
$(READY): $(SOURCES)
	@$(MAKE) --no-print-directory tools
	@if test -x $(BIN)/python; then echo "updating $(VENV)"; \
		else echo "setting up $(VENV) (about a minute)"; $(PYTHON) -m venv $(VENV); fi
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --group dev --editable .
	@touch $@
