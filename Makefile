# Every target sets itself up; what the system lacks it installs itself, or says the one command to type.
# `make help` is made of the comments below: `##@` begins a group, `##` says what a target does.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PYTHON ?= python3
BIN := .venv/bin

# Processes that share a test run. Tests wait more than they compute: with one a core, half of both cores stood idle.
N ?= 3
# Further words for pytest: make test-unit ARGS='-k password'
ARGS ?=
SEED ?= 1
SEEDS ?= 1
# How many times as much as `make test` is played of what plays by chance: make test-chance TIMES=300 SEED=7
TIMES ?= 30

##@ Begin

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n'

.PHONY: setup
setup: ## .venv with the locked dependencies, contracts/, front-end files (every target that needs them calls it)
	@sh tools/setup.sh

.PHONY: doctor
doctor: ## what is missing on this machine, and the exact command that adds it
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "For make run and make demo:"; sh tools/need.sh --check python3-venv; \
		echo "For make up and make test, too:"; sh tools/need.sh --check java maven chromium pango; \
		echo "As root, or with sudo that asks no password, the targets add all this themselves."; exit 1; } 2>&1
	@$(PYTHON) tools/doctor.py $(ARGS)

##@ Run

# Where data, keys and mails of a local installation are kept; the portal's port.
STATE ?= .state
PORT ?= 8000
S ?=

.PHONY: run demo up demo-up ps logs down open reset
run: setup ## the whole platform in one process on embedded parts; prints addresses and sign-ins (Ctrl-C stops it)
	@exec $(BIN)/mandate run --state $(STATE) --port $(PORT)

demo: setup ## the story of getting access, step by step, on a platform of its own
	@exec $(BIN)/mandate demo

up: setup ## one process a service role on real Kafka and PostgreSQL; returns when all are ready
	@sh tools/need.sh java maven
	@exec $(BIN)/mandate up --state $(STATE) --port $(PORT)

demo-up: setup ## the same story, on what `make up` runs
	@exec $(BIN)/mandate demo --up --state $(STATE)

# What looks at an installation needs none of setup's work, but somebody must have done it.
standing = [ -x $(BIN)/mandate ] || { echo "Nothing is set up here yet. Type: make run"; exit $(1); }

ps: ## what `make up` started, and how each part is
	@$(call standing,1); exec $(BIN)/mandate ps --state $(STATE)

logs: ## the end of the logs: make logs S=access
	@$(call standing,1); exec $(BIN)/mandate logs --state $(STATE) "$(S)"

down: ## stop what `make up` started; data stay
	@$(call standing,0); exec $(BIN)/mandate down --state $(STATE)

open: ## the portal in this machine's browser
	@echo "http://127.0.0.1:$(PORT)"
	@$(PYTHON) -m webbrowser http://127.0.0.1:$(PORT)

reset: down ## forget all data of the local installations: people, mails, keys
	@$(call standing,0); exec $(BIN)/mandate reset --state $(STATE)

##@ Work

.PHONY: format
format: setup ## put the code into the one format, mend what can be mended
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: contracts
contracts: setup ## Python from proto/ (also part of setup), after buf has looked at it
	@$(MAKE) lint-proto

.PHONY: k8s
k8s: setup ## deploy/: what is made from the table and the services, and each overlay rendered into deploy/rendered/
	@$(BIN)/python -m tools.deploy generate

.PHONY: trace-ids
trace-ids: setup ## from each rule (IA-PW-07) to its code and tests, then the rules without a test (ARGS='--missing' or '--json')
	@$(BIN)/python -m tools.trace_ids $(ARGS)

.PHONY: clean
clean: ## remove all that was made here: .venv, contracts/, caches
	@for data in .state/up/postgres .state/postgres; do [ ! -L $$data ] || rm -rf "$$(readlink -f $$data)"; done
	@rm -rf .venv contracts node_modules services/portal/web/static/vendor .state build *.egg-info \
		kit/python/build kit/python/*.egg-info \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Check

.PHONY: lint lint-code lint-types lint-imports lint-proto lint-templates lint-files lint-deploy lint-proof
lint: lint-code lint-types lint-imports lint-proto lint-templates lint-files lint-deploy ## all that needs no service (-k: go on after a fault)

lint-code: setup ## ruff: all rules and the format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

TYPED := chassis services cli tools tests
lint-types: setup ## mypy, strict
	@$(BIN)/mypy $(foreach d,$(TYPED),$(if $(wildcard $(d)/*.py $(d)/*/*.py),$(d)))

lint-imports: setup ## who may import whom (.importlinter)
	@$(BIN)/lint-imports --no-logo

lint-proto: setup ## buf: form of proto/, and that it is only added to
	@if ls proto/mandate/*/*/*.proto >/dev/null 2>&1; then \
		$(BIN)/buf lint proto && sh tools/proto_breaking.sh; \
	else echo "proto: no files yet"; fi

lint-templates: setup ## djlint
	@if [ -n "$$(git ls-files -co --exclude-standard 'services/*.html' 'services/*.j2' 'cli/*.html')" ]; then \
		$(BIN)/djlint services cli --lint --quiet; \
	else echo "templates: none yet"; fi

lint-files: setup ## our own: addresses, stored names, time and chance, lengths, monitoring; docs/asyncapi.yaml is of today
	@$(BIN)/python -m tools.check_addresses
	@$(BIN)/python -m tools.check_topics
	@$(BIN)/python -m tools.check_nature
	@$(BIN)/python -m tools.check_lengths
	@$(BIN)/python -m tools.check_test_names
	@$(BIN)/python -m tools.check_monitoring
	@$(BIN)/python -m tools.asyncapi --check

lint-deploy: setup ## deploy/: made anew, every overlay and combination rendered, schemas and rules; the image's recipe
	@$(BIN)/python -m tools.deploy check
	@$(BIN)/hadolint deploy/images/Dockerfile

lint-proof: setup ## break each of our rules once, in a throw-away project, and see it noticed
	@$(BIN)/python -m tools.see_rules_fail

##@ Test

# The parts of `make test`, in order; each is a folder of tests/.
PARTS := unit contract integration bus sim e2e faults

# What only the system can give, by part.
NEEDS_unit := promtool pango
NEEDS_bus := java maven
NEEDS_e2e := chromium pango
NEEDS_faults := java maven
NEEDS_fire := java maven faketime

part = @dirs="$(foreach p,$(1),$(if $(wildcard tests/$(p)/test_*.py tests/$(p)/*/test_*.py),tests/$(p)))"; \
	needs="$(foreach p,$(1),$(if $(wildcard tests/$(p)/test_*.py tests/$(p)/*/test_*.py),$(NEEDS_$(p))))"; \
	if [ -z "$$dirs" ]; then echo "no tests in tests/$(firstword $(1)) yet"; exit 0; fi; \
	if [ -n "$$needs" ]; then sh tools/need.sh $$needs || exit 1; fi; \
	exec $(BIN)/pytest $$dirs -n $(N) --dist loadgroup $(ARGS)

.PHONY: test test-unit test-contract test-integration test-bus test-sim test-e2e test-faults
test: k8s-check-if-built ## all parts below in one run, on servers it starts itself
	$(call part,$(PARTS))

test-unit: setup ## aggregates, rules, tools: no server
	$(call part,unit)

test-contract: setup ## what is said to others: golden bytes of every message
	$(call part,contract)

test-integration: setup ## on PostgreSQL
	$(call part,integration)

test-bus: setup ## one conformance suite, both bus drivers (PostgreSQL, Kafka)
	$(call part,bus)

test-sim: setup ## the simulation, a few seeds
	$(call part,sim)

test-e2e: setup ## the story on embedded parts and pages in Chromium, axe included
	$(call part,e2e)

test-faults: setup ## the story on real processes, Kafka and PostgreSQL, with deaths in the worst places
	$(call part,faults)

.PHONY: test-pages
test-pages: setup ## the pages in every way they can be looked at: what `make test` does, and a phone with scripts and axe
	@sh tools/need.sh chromium pango
	@$(BIN)/pytest tests/e2e/pages -m '' -n $(N) --dist loadgroup $(ARGS)

.PHONY: test-kit-examples
test-kit-examples: setup ## the kit's examples in Python, Java, Go, TypeScript, and AsyncAPI's parser: each tool must be there
	@sh tools/need.sh java maven
	@MANDATE_TEST_EVERY_TOOL=1 $(BIN)/pytest tests/bus/test_kit_examples.py tests/contract/test_asyncapi.py -n 0 $(ARGS)

.PHONY: k8s-check k8s-check-if-built image-check test-long
k8s-check: setup ## deploy/ before a real Kubernetes API server with the real custom kinds (built once, some minutes; needs Go)
	@sh tools/need.sh etcd
	@sh tools/kube/build.sh >/dev/null
	@$(BIN)/python -m tools.deploy.cluster

image-check: setup ## the recipe of the image, followed without Docker; every process is started from what it leaves
	@$(BIN)/python -m tools.deploy.image

k8s-check-if-built: setup
	@if sh tools/kube/build.sh --built >/dev/null; then $(MAKE) k8s-check; \
	else echo "k8s-check: no API server is built here, so deploy/ was not shown to one; make k8s-check builds it"; fi

.PHONY: test-fire
test-fire: setup ## faults while a crowd goes on asking; no part of `make test`: it needs both cores for itself
	$(call part,fire)

CHANCE := contract/test_damaged_events.py integration/server/test_bad_calls.py integration/access/test_hostile_uploads.py \
	unit/access/test_any_sequence.py unit/connections/test_any_connection.py \
	$(patsubst %,integration/chassis/test_%.py,strange_records tailing hearing)

.PHONY: test-chance
test-chance: setup ## bad calls, uploads, records and events, sequences of questions, writers at once, shuffled histories: TIMES=n times as many as in `make test`, SEED=n
	@MANDATE_TEST_SEED=$(SEED) MANDATE_TEST_TIMES=$(TIMES) $(BIN)/pytest $(CHANCE:%=tests/%) -n $(N) --dist loadfile $(ARGS)

# Seeds of `make sim-long`, from 1000 on; those that were green are noted, and not played again unless the file goes.
SIM_SEEDS ?= 1000
.PHONY: sim-long
sim-long: setup ## the simulation under SIM_SEEDS=1000 seeds; begun again, it goes on where it was stopped
	@mkdir -p .state
	@$(BIN)/python -m tests.sim --seed 1000 --seeds $(SIM_SEEDS) --resume .state/sim-green-$$(git rev-parse --short HEAD)

# What takes too long for every day; `make test` runs of it what needs nothing built.
LONG := k8s-check image-check test-kit-examples test-pages test-fire test-chance sim-long
test-long: $(LONG) ## what is no part of `make test` everywhere

.PHONY: bench bench-quick plots
bench: setup ## every figure of docs/measured.md, in one table (an hour and a half; on a quiet machine; ARGS='--only append' runs one)
	@mkdir -p .state/bench
	@$(BIN)/python -m tests.bench --out .state/bench $(ARGS)

plots: setup ## docs/images: what `make bench` and `make load` have left to be drawn
	@$(BIN)/python -m tests.bench.plots .state/bench .state/load

bench-quick: setup ## the floors of speed in their quick sizes: fails below one (on a quiet machine)
	@$(BIN)/python -m tests.bench.floors

# Seconds of each part, instead of its own length; minutes of the soak, which is left out without them.
SECONDS ?=
MINUTES ?=
.PHONY: load
load: setup ## load on what `make up` runs, L-01 and L-03 to L-08: an hour on a quiet machine; SECONDS=5 tries it, MINUTES=60 soaks too
	@sh tools/need.sh java maven
	@mkdir -p .state/load; missed=0; \
	for part in commands queries freshness drain rebuild hot $(if $(MINUTES),soak); do \
		$(BIN)/python -m tests.load.$$part --out .state/load/$$part.json \
			$(if $(SECONDS),--seconds $(SECONDS)) $(if $(MINUTES),--minutes $(MINUTES)) || missed=1; \
	done; exit $$missed

.PHONY: mutants mutants-fire
mutants: setup ## take one defence of the chassis away at a time: each must turn a seed of the simulation, or its own test, red
	@$(BIN)/python -m tests.sim.mutants

mutants-fire: setup ## the same in running processes, against the faults of make test-fire (a quarter of an hour, on a quiet machine)
	@sh tools/need.sh java maven faketime
	@$(BIN)/python -m tests.fire.mutants

.PHONY: sim
sim: setup ## play the simulation: SEED=n is the first seed, SEEDS=n how many
	@$(BIN)/python -m tests.sim --seed $(SEED) --seeds $(SEEDS) $(ARGS)
