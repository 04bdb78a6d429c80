# The commands of this project. A new user needs two: make demo and make test.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c '$(SUPPORTED)' 2>/dev/null && { echo $$name; break; }; done)
BIN := .venv/bin
DATA ?= data
export KPI_DATA_DIR := $(abspath $(DATA))
export KPI_HASH_KEY_FILE ?= $(KPI_DATA_DIR)/hash.key
export DAGSTER_HOME := $(KPI_DATA_DIR)/dagster

.PHONY: help install demo run dev test test-slow faults mutations simulations weeks check format docs accept bench lock pictures screens fonts clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found."; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is another version. Say: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Installing into .venv (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The key that replaces customers' e-mail addresses by keyed hashes; made once, readable by its owner alone.
$(KPI_HASH_KEY_FILE): | .venv/installed
	@mkdir -p $(@D) && umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_hex(32))' > $@

install: .venv/installed ## create .venv and install the locked packages

demo: .venv/installed $(KPI_HASH_KEY_FILE) ## simulate a company, run the whole pipeline, write both reports
	@$(BIN)/kpi demo --run

run: .venv/installed $(KPI_HASH_KEY_FILE) ## run the pipeline for today
	@$(BIN)/kpi run

dev: .venv/installed $(KPI_HASH_KEY_FILE) ## open the orchestrator's UI at http://localhost:3000
	@$(BIN)/python -c 'import os; from kpi_pipeline.config.paths import Paths; \
		from kpi_pipeline.defs.run_settings import prepare_dagster_home as prepare; prepare(Paths.from_environment(os.environ))'
	@$(BIN)/dagster dev -w workspace.yaml

test: .venv/installed-dev ## run the default test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: .venv/installed-dev ## run the long tests too, with new random examples
	@KPI_TEST_PROFILE=random $(BIN)/python -m pytest -n 2 --dist loadfile -m 'slow or not slow'

faults: .venv/installed-dev ## inject faults at full length; writes benchmarks/faults.md
	@$(BIN)/python -m benchmarks.faults

mutations: .venv/installed-dev ## break behaviours on purpose and see their tests fail; writes benchmarks/mutations.md
	@$(BIN)/python -m benchmarks.mutations

simulations: .venv/installed-dev ## judge series whose truth is known; writes benchmarks/simulations.md
	@$(BIN)/python -m benchmarks.simulations.run

weeks: .venv/installed-dev ## live through simulated weeks under the real daemon; writes benchmarks/simulated_weeks.md (needs faketime)
	@$(BIN)/python -m benchmarks.simulated_weeks

check: .venv/installed-dev $(KPI_HASH_KEY_FILE) ## format, lint, types, import contracts, SQL lint
	@$(BIN)/ruff format --check kpi_pipeline tests benchmarks
	@$(BIN)/ruff check kpi_pipeline tests benchmarks
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint sql --processes 2
	@$(BIN)/kpi check

format: .venv/installed-dev ## rewrite Python and SQL in the project's style
	@$(BIN)/ruff format kpi_pipeline tests benchmarks
	@$(BIN)/ruff check --fix kpi_pipeline tests benchmarks
	@$(BIN)/sqlfluff fix sql --processes 2

docs: .venv/installed $(KPI_HASH_KEY_FILE) ## write the pages of docs/catalogue and the schemas for editors
	@$(BIN)/kpi export pages --output docs/catalogue
	@$(BIN)/kpi schema --output schemas

accept: .venv/installed-dev ## accept the current asset graph and the page of tested files as the golden ones
	@KPI_ACCEPT=1 $(BIN)/python -m pytest tests/project/test_asset_graph.py
	@KPI_ACCEPT=1 $(BIN)/python -m pytest tests/integration/test_every_shared_file.py -k page

.venv/installed-bench: .venv/installed-dev requirements-bench.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

bench: .venv/installed-bench $(KPI_HASH_KEY_FILE) ## measure against the engine's own limits; writes benchmarks/results.md
	@$(BIN)/python -m benchmarks.run

lock: ## resolve the lock files again
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra ui --extra build --universal --no-strip-extras --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra ui --extra build --extra postgres --universal --no-strip-extras --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --quiet --constraint requirements.lock --output-file requirements-postgres.lock
	@$(BIN)/uv pip compile pyproject.toml --extra ui --extra build --extra postgres --extra dev --universal --no-strip-extras --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --quiet --constraint requirements-postgres.lock --output-file requirements-dev.lock
	@$(BIN)/uv pip compile pyproject.toml --extra ui --extra build --extra postgres --extra dev --extra bench --universal --no-strip-extras \
		--generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet \
		--constraint requirements-dev.lock --output-file requirements-bench.lock

pictures: .venv/installed-dev ## take the pictures of docs/reports.md from the demo's reports (needs Chromium, pdftoppm, LibreOffice)
	@$(BIN)/python -m benchmarks.pictures $(KPI_DATA_DIR)

screens: .venv/installed-dev $(KPI_HASH_KEY_FILE) ## take the pictures of the orchestrator's UI and of kpi serve over the demo's data (needs Chromium)
	@$(BIN)/python -m benchmarks.screens $(KPI_DATA_DIR)

FONT := vazirmatn-33.0.3.tgz
FONT_SHA512 := 7db8cd73408c8dacd9a487a05b3cfd3871b323500f15ba13fb1ed979c5e5502b437bf9e4cb1ee0b424d99d64bff9e7971bb7db7d7ca608f28923c12c9ccde2ab

fonts: ## fetch the font that reports look best in, once (needs npm); without it the installed fonts are used
	@command -v npm > /dev/null || { echo "npm is needed to fetch the font; reports use the installed fonts without it."; exit 1; }
	@set -e; folder=$$(mktemp -d); npm pack --silent --pack-destination $$folder vazirmatn@33.0.3 > /dev/null; \
		echo "$(FONT_SHA512)  $$folder/$(FONT)" | sha512sum --check --quiet; tar -xzf $$folder/$(FONT) -C $$folder; mkdir -p fonts; \
		cp $$folder/package/OFL.txt $$folder/package/fonts/ttf/Vazirmatn-Regular.ttf $$folder/package/fonts/ttf/Vazirmatn-Bold.ttf fonts/; \
		rm -r $$folder; echo "Vazirmatn lies in fonts/."

clean: ## delete all data of the demo and of past runs
	@rm -rf $(KPI_DATA_DIR)
