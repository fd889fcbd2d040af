# A list of commands; what they do is in the code. `make test` and `make demo` need nothing but Python 3.11+.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test check audit run soak bench locales

demo: $(INSTALLED)
	$(BIN)/python -m bot demo $(if $(PORT),--port $(PORT))

test: $(INSTALLED)
	$(BIN)/python -m pytest

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory audit

# Known weaknesses of what is installed; passes and says so where PyPI cannot be asked.
audit: $(INSTALLED)
	$(BIN)/python -m tests.audit

# The long versions of the tests that break things: an hour or two.
soak: $(INSTALLED)
	ALL_PROFILES=1 SCHEDULES=5000 TALKS=300 RIVAL_ROUNDS=50 $(BIN)/python -m pytest tests/crash
	EVERY_FAULT=1 $(BIN)/python -m pytest tests/faults/test_every_request.py tests/faults/test_neighbours_away.py
	WALKS=200 $(BIN)/python -m pytest tests/dialogues/test_random_walk.py

# Writes docs/performance.md: about twenty minutes, two cores that have nothing else to do.
bench: $(INSTALLED)
	$(BIN)/python -m tests.bench

run: $(INSTALLED)
	$(BIN)/python -m bot run

# New and changed texts from the code into the catalogues, to be translated there.
locales: $(INSTALLED)
	$(BIN)/pybabel -q extract -F babel.cfg -k Text -k Plural:1,2 --add-comments=Translators: --no-location -o locales/messages.pot bot
	for locale in kk ru en; do $(BIN)/pybabel -q update -N --no-fuzzy-matching -i locales/messages.pot -d locales -l $$locale; done

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
