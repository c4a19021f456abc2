# Every target does its own set-up: a virtual environment in .venv and the pinned packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= bihuan-data
PYTHONS := 3.11 3.12 3.13 3.14
INTERPRETER = $(lastword python$(1) $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python$(1)))
FOUND = $(foreach version,$(PYTHONS),$(shell $(call INTERPRETER,$(version)) -c "print('$(version)')" 2>/dev/null))

.PHONY: demo test drills test-pythons check up format histories lag idle life api scale intake peer years pages board desk chaos hardship
.DEFAULT_GOAL := demo

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bihuan needs Python 3.11 or later; name one with PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,postgresql,s3]'
	$(BIN)/python -m compileall -q -j 0 activities starter worker workflows # as pip does with what is not editable
	touch $@

## Twelve stories of customers on a real Temporal server, in about a minute and a half.
demo: $(VENV)/installed
	$(BIN)/bihuan demo

## All tests.
# Four processes for two cores, because about half of its time a test waits. Bytecode is kept
# whatever the environment says: each of some hundred processes would compile everything again.
test: $(VENV)/installed
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 4 --dist loadgroup --no-loadscope-reorder

## The drills: longer repetitions of what the tests try as well, such as a worker killed at every point there is.
drills: $(VENV)/installed
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder -m drill

## The core of the tests on every Python from 3.11 to 3.14 that is installed, each in a virtual environment of its own.
test-pythons: $(FOUND:%=.venv-%/installed)
	@echo "found: Python $(or $(FOUND),none); not found, so not tried: $(or $(filter-out $(FOUND),$(PYTHONS)),none)"
	@$(foreach version,$(FOUND),echo "Python $(version):" && .venv-$(version)/bin/python -m pytest -p no:cacheprovider \
		tests/test_annotations.py tests/workflows/domain tests/activities/intake tests/activities/policy &&) test -n "$(FOUND)"

.venv-%/installed: pyproject.toml constraints.txt
	$(call INTERPRETER,$*) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,postgresql,s3]'
	touch $@

## Lint, types, import layers.
check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## The embedded server, its Web UI and a worker, in the foreground; people's data is kept in $(DATA).
up: $(VENV)/installed
	$(BIN)/bihuan up --data $(DATA)

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## Every history that the tests replay, recorded anew: for a new baseline, see docs/releases.md.
histories: $(VENV)/installed
	$(BIN)/python -m tests.workflows.save_histories

## How late an escalation is recorded, beside a bare timer in the same run. More open cases: ARGS='--open 200,2000,10000'.
lag: $(VENV)/installed
	$(BIN)/python -m benchmarks.lag $(ARGS)

## What ten thousand idle open cases cost one worker, and how soon it is back; half an hour. Fewer: ARGS='--cases 1000'.
idle: $(VENV)/installed
	$(BIN)/python -m benchmarks.idle $(ARGS)

## Standard lives a second through bihuan, beside the same signals through a bare workflow.
life: $(VENV)/installed
	$(BIN)/python -m benchmarks.life $(ARGS)

## Commands a second by the API, beside the same ones by the console's own service.
api: $(VENV)/installed
	$(BIN)/python -m benchmarks.api $(ARGS)

## The same lives with one and with two workers, on SQLite and PostgreSQL, and what limits them.
scale: $(VENV)/installed
	$(BIN)/python -m benchmarks.scale $(ARGS)

## Cases taken in a second by 1, 4 and 16 clients on both databases, beside bare workflow starts.
intake: $(VENV)/installed
	$(BIN)/python -m benchmarks.intake $(ARGS)

## What finding and escalating what is due costs django-helpdesk at three sizes, and bihuan beside it.
peer: $(VENV)/installed
	$(BIN)/python -m benchmarks.peer $(ARGS)

## Two years of one case, day by day, and the books at the end; three and a half minutes.
years: $(VENV)/installed
	$(BIN)/python -m benchmarks.years $(ARGS)

## The page of a case among 10,000 open ones beside a bare page, wrong tries beside it, and what a life by the pages costs.
pages: $(VENV)/installed
	$(BIN)/python -m benchmarks.pages $(ARGS)

## How soon fifty boards show what has happened, among 100,000 cases with 5,000 open, and what they cost; four minutes.
board: $(VENV)/installed
	$(BIN)/python -m benchmarks.board $(ARGS)

## The staff's pages among 100,000 cases with 5,000 open: times, processor time and bytes of each; six minutes.
desk: $(VENV)/installed
	$(BIN)/python -m benchmarks.desk $(ARGS)

## Two hundred lives in five minutes, their customers on the pages, writing mails or with a telephone alone, while workers,
## server, intake, pages and the mailbox are killed and the SMS gateway is cut off at random, and the books at the end.
chaos: $(VENV)/installed
	$(BIN)/python -m tests.faults.chaos $(ARGS)

## Floods, a stopped worker, wrong clocks, a full disk, a locked database, and the books after each; with the record on
## PostgreSQL as well: ARGS=--postgresql.
hardship: $(VENV)/installed
	$(BIN)/python -m tests.faults.hardship $(ARGS)
