# make run    set up .venv and run the example batch through the whole pipeline
# make test   set up and run every test; ARGS="-k redis" chooses some
# make quick  run the tests that are not marked slow
# make soak   run the tests marked soak in their long form, then chaos; the workflow does so every night
# make coverage   run every test with each process measured; fails if less than 92 % of worker/ ran
# make lint   run ruff, mypy and import-linter
# make dashboard    install Streamlit and show kept models at http://localhost:8501; ARGS="--server.port 8601"
# make integration    generate integration/ from the worker's own schema
# make chaos  run two workers and 200 jobs with a fault about every second; ARGS="--jobs 50 --seed 7"
# make bench-quality DATA=folder    compare the topics with those of plain BERTopic
# make bench-speed DATA=folder      compare time and memory with plain BERTopic; ARGS="--repeats 3 --sizes 1250"
# make bench-stability DATA=folder  measure what a rerun keeps of the topics; ARGS="--draws 3 --plain-draws 0"
# make train FILE=comments.csv   find the topics of a table and keep their model; ARGS="--embed model --report out.html"
# make bench-lifecycle DATA=folder  measure predictions, daily updates and drift of kept models
# make bench-large    run 200,000 made-up comments through the flow for large corpora; ARGS="--comments 20000 --sample 2000"
# make bench-gpu DATA=folder        the same on CUDA, and CUDA compared with the CPU

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_PROJECT := tests/acceptance/node
CLIENT := integration
DATA ?= ../shared/data
# The example needs no language model; `auto` would download one of 1.8 GB if the hub answers.
KEYWORD_ENCODER ?= corpus

# Two processes more than there are cores: many tests wait for locks and clocks while others compute.
# tests/sharing.py lists which tests share something costly: one process runs them.
PARALLEL ?= -n 4 --dist loadgroup
# Compiled modules are kept: without them each process of the tests, and each that these start, compiles all anew.
unexport PYTHONDONTWRITEBYTECODE
TESTED := $(VENV)/.installed-dev $(NODE_PROJECT)/node_modules/.installed $(CLIENT)/node_modules/.installed

.PHONY: run train test quick soak coverage lint dashboard integration bench-quality bench-speed bench-stability bench-lifecycle bench-large bench-gpu chaos clean

train: $(VENV)/.installed
	@test -n "$(FILE)" || { echo "Name a table of comments: make train FILE=comments.csv"; exit 2; }
	$(BIN)/python -m worker train $(FILE) $(ARGS)

run: $(VENV)/.installed
	@mkdir -p build
	KEYWORD_ENCODER=$(KEYWORD_ENCODER) $(BIN)/python -m worker --once examples/batch.json.gz > build/result.json
	@echo "The result document, as the API would get it: build/result.json"

test: $(TESTED)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

quick: $(TESTED)
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" $(ARGS)

soak: $(TESTED)
	SOAK=1 $(BIN)/python -m pytest $(PARALLEL) -m soak --timeout 3000 $(ARGS)
	$(BIN)/python -m tests.acceptance.faults.chaos

coverage: $(TESTED)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

dashboard: $(VENV)/.installed-dashboard
	$(BIN)/python -m worker.dashboard $(ARGS)

integration: $(VENV)/.installed $(CLIENT)/node_modules/.installed
	$(BIN)/python -m worker --schema > $(CLIENT)/schema.json
	$(BIN)/python -m worker --schema asyncapi > $(CLIENT)/asyncapi.json
	cd $(CLIENT) && npm run --silent generate

bench-quality: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.quality --data $(DATA) $(ARGS)

bench-speed: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.speed --data $(DATA) $(ARGS)

bench-gpu: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.gpu --data $(DATA) $(ARGS)

bench-stability: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.stability --data $(DATA) $(ARGS)

bench-lifecycle: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.lifecycle --data $(DATA) $(ARGS)

bench-large: $(VENV)/.installed-dev $(CLIENT)/node_modules/.installed
	cd $(CLIENT) && npm run --silent build
	$(BIN)/python -m tests.benchmarks.large $(ARGS)

chaos: $(VENV)/.installed-dev
	$(BIN)/python -m tests.acceptance.faults.chaos $(ARGS)

clean:
	rm -rf $(VENV) build $(NODE_PROJECT)/node_modules $(CLIENT)/node_modules $(CLIENT)/dist

# A stamp of its own: an interrupted set-up leaves bin/python behind, but no pip.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
		|| { echo "Python 3.11 to 3.14 is needed; name one: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "venv is missing: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.installed: pyproject.toml poetry.lock .ci/constraints.py | $(VENV)/.created
	@echo "Setting up $(VENV) with the versions of poetry.lock; the first time takes some minutes."
	$(BIN)/python .ci/constraints.py $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --requirement $(VENV)/dev.txt
	@touch $@

$(VENV)/.installed-dashboard: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable ".[dashboard]"
	@touch $@

%/node_modules/.installed: %/package.json
	@command -v node > /dev/null && command -v npm > /dev/null \
		|| { echo "Node or npm is missing: apt-get install nodejs npm"; exit 1; }
	@printf '20.11\n%s\n' "$$(node --version | tr -d v)" | sort -VC \
		|| { echo "Node 20.11 or later is needed; this is $$(node --version)"; exit 1; }
	cd $* && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	@touch $@
