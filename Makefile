# damhub: every command a person needs. Each sets up what it needs by itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# STRICT=1 turns a suite that had to be left out into a failure.
STRICT ?=
# How many tests run at once; each of them starts servers of its own.
WORKERS ?= 4

.PHONY: help demo serve test lint bench faults lock screenshots clean
help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.runtime ## play the whole story, then leave the hub running (ARGS=--once: end by itself)
	@$(BIN)/damhub demo $(ARGS)

serve: $(VENV)/.runtime ## run the hub for real use
	@$(BIN)/damhub serve $(ARGS)

test: lint ## everything that CI runs
	@$(BIN)/python -m slipcover --silent -m pytest -n $(WORKERS) --dist worksteal \
		$(if $(STRICT),--require-services) $(ARGS)

lint: $(VENV)/.dev ## style, types and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.txt 2>&1 || { cat $(VENV)/lint-imports.txt; exit 1; }
	@$(BIN)/pyright

bench: $(VENV)/.dev ## a table of ratios, each with its peer in the same run
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(VENV)/.dev ## the long fault matrix: kills, lost answers, both databases, all connectors
	@$(BIN)/python -m pytest -q -n $(WORKERS) --every tests/conformance/test_planted.py tests/copies
	@$(BIN)/python -m pytest -q -n $(WORKERS) --every -m again
	@$(BIN)/python -m tests.faults $(ARGS)

screenshots: $(VENV)/.dev ## pictures of every page in build/screenshots, and those of the docs
	@$(BIN)/python -m pytest -q tests/browser/test_pages.py tests/browser/test_pictures.py
	@cp build/screenshots/readme.png docs/library.png
	@cp build/screenshots/ends.png docs/calendar.png
	@cp build/screenshots/recall-report.png build/screenshots/cards.png docs/

lock: pyproject.toml locks/build.in ## write the locks anew (for maintainers)
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	@cd . && for set in "build locks/build.in" "runtime --extra video pyproject.toml" "dev --extra video --group dev -c locks/runtime.lock pyproject.toml"; do \
		set -- $$set; name=$$1; shift; \
		build/lock/bin/uv pip compile -q --generate-hashes --no-annotate --no-header --universal --python-version 3.11 "$$@" -o locks/$$name.lock; done

clean: ## remove the environment and everything that runs leave behind
	rm -rf $(VENV) build var .pytest_cache .ruff_cache .hypothesis .coverage*

# The environments. Locks are installed with their hashes; nothing is resolved here.
$(VENV)/.built: locks/build.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r locks/build.lock
	@touch $@

$(VENV)/.runtime: locks/runtime.lock pyproject.toml $(VENV)/.built
	@echo "Installing what damhub needs ..."
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r locks/runtime.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: locks/dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r locks/dev.lock
	@touch $@
