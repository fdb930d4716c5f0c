# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets; CONTRIBUTING.md explains them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
BIN := $(CURDIR)/.venv/bin
PLAYBOOK := $(BIN)/ansible-playbook
WEB := images/web
NODE_MODULES := $(WEB)/node_modules/.stamp $(WEB)/lint/node_modules/.stamp
# lint-words reads every file but data, locks, licences, and SQL that databases have applied already
WORDING := . ':!.config/wording.txt' ':!LICENSE' ':!uv.lock' ':!*package-lock.json' ':!*.tsv' ':!*.jsonl' ':!*.csv' ':!*/sql/catalog/*'
INVENTORY ?= inventories/local
# For make local: LISTEN=0.0.0.0:8080 opens the site to other machines; SAMPLE=liechtenstein takes the smaller sample;
# SOURCE=https://… COUNTRY=xx takes an extract of yours. What was given counts until something else is given, blank for the
# default; REMEMBER=no neither reads nor changes what is remembered.
REMEMBER ?= yes
REMEMBERED ?= /var/lib/cosmogony-stack/make-local.mk
ifneq ($(REMEMBER),no)
-include $(REMEMBERED)
endif
LISTEN ?=
SAMPLE ?=
SOURCE ?=
COUNTRY ?=
# A sample takes the place of a remembered source, a source that of a remembered sample and of the country before.
is_given = $(filter-out file undefined,$(origin $(1)))
given := $(strip $(foreach name,SAMPLE SOURCE,$(if $(call is_given,$(name)),$(name))))
ifneq ($(given),)
$(foreach name,SAMPLE SOURCE COUNTRY,$(if $(call is_given,$(name)),,$(eval $(name) :=)))
endif
# Options for ansible-playbook; for pytest in `make unit` and `make long`, for ansible-test in `make sanity`.
ARGS ?=

export PATH := $(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

# The first is the default.
SAMPLES := world liechtenstein
ifneq ($(SAMPLE),)
ifneq ($(SAMPLE),$(filter $(SAMPLES),$(firstword $(SAMPLE))))
$(error SAMPLE=$(SAMPLE) is unknown: take one of $(SAMPLES), or SOURCE=https://… for an extract of your own)
endif
ifneq ($(SOURCE),)
$(error SAMPLE and SOURCE exclude each other: give one of them)
endif
endif

# The folder of the state, where ARGS gives another one: ARGS='-e cosmogony_state_dir=…'
state_dir = $(or $(patsubst cosmogony_state_dir=%,%,$(filter cosmogony_state_dir=%,$(ARGS))),/var/lib/cosmogony-stack)

# A release of another source lacks the zones of the one before, which the gate would block: the override lets it through.
update = -e data_update_run=always -e '{"data_update_override": "make local was given $(1)"}'
vars := $(if $(LISTEN),-e local_cluster_listen=$(LISTEN)) \
	$(if $(SOURCE),-e 'cosmogony_source=$(SOURCE)' -e 'cosmogony_country=$(COUNTRY)') \
	$(if $(SAMPLE),-e cosmogony_sample=$(SAMPLE)) \
	$(if $(given),$(call update,$(if $(SOURCE),another source,the sample $(or $(SAMPLE),$(firstword $(SAMPLES))))))

.PHONY: help local down clean status prune logs venv test test-long lint imports requirements schemas docs manifests unit molecule faults ee e2e questions screenshots live long bench bench-site browser node build
.PHONY: changelog test-upgrade test-jobs sanity matrix galaxy-import lint-files lint-words lint-python lint-web lint-ansible

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

venv: .venv/.stamp ## Python environment with Ansible and every tool

.venv/.stamp: pyproject.toml uv.lock $(wildcard images/*/pyproject.toml)
	@if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
	  echo "python3 with venv is missing: installing Debian's python3-venv"
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv
	fi
	python3 -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed, python3 is %d.%d" % sys.version_info[:2] \
	  if not (3, 11) <= sys.version_info < (3, 14) else 0)'
	test -x .venv/bin/python || python3 -m venv .venv
	.venv/bin/uv --version 2>/dev/null | grep -qF 'uv $(UV_VERSION)' || .venv/bin/python -m pip install -q 'uv==$(UV_VERSION)'
	.venv/bin/uv sync -q --locked --inexact
	touch $@

local: ## everything: from a bare machine to a running site with real data; SAMPLE=liechtenstein for the smaller sample
	@tools/time_phases.sh begin local
	tools/time_phases.sh run local environment make --no-print-directory venv
	tools/time_phases.sh run local cluster tools/bring_up_cluster.sh $(state_dir) $(vars) $(ARGS)
	$(if $(filter no,$(REMEMBER)),,tools/remember_options.sh $(REMEMBERED) 'LISTEN=$(LISTEN)' 'SAMPLE=$(SAMPLE)' 'SOURCE=$(SOURCE)' 'COUNTRY=$(COUNTRY)')
	tools/time_phases.sh run local stack $(PLAYBOOK) site.yml -i inventories/local $(vars) $(ARGS)
	tools/time_phases.sh end local
	$(BIN)/python tools/print_next_steps.py $(state_dir)

down: venv ## stops all of it and leaves the machine as it was; data stays
	@$(PLAYBOOK) local/playbooks/local_down.yml -i inventories/local $(ARGS)

clean: venv ## down, and removes the data as well
	@$(PLAYBOOK) local/playbooks/local_down.yml -i inventories/local -e local_down_remove_data=true $(ARGS)

status: venv ## what runs, where the site is
	@$(PLAYBOOK) local/playbooks/local_status.yml -i inventories/local $(ARGS)

prune: venv ## removes old images of the stack from the local registry
	@$(PLAYBOOK) local/playbooks/local_prune.yml -i inventories/local $(ARGS)

logs: ## follows the logs of the local cluster's daemons
	@tail -n 50 -F /var/lib/cosmogony-stack/log/*.log

# Each of the linters is also a hook of .pre-commit-config.yaml.
lint: lint-files lint-words lint-python lint-web lint-ansible ## all linters

lint-files: venv
	@yamllint --strict .
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check-jsonschema --builtin-schema vendor.renovate renovate.json
	check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/{bug,feature,zone}.yml
	check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	pre-commit validate-config
	antsibull-changelog lint

# .config/wording.txt: expressions to search for, and what to say instead.
lint-words: venv
	@codespell
	if sed -n '/^#/! s/ => .*//p' .config/wording.txt | git grep -nIiP -f - -- $(WORDING); then
	  echo 'Say it in plainer words: .config/wording.txt names some for each expression.' >&2
	  exit 1
	fi

lint-python: venv
	@ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo --no-cache
	pylint --disable=all --enable=duplicate-code --min-similarity-lines=6 images/*/src

lint-web: $(NODE_MODULES)
	@npm --prefix $(WEB) run -s lint
	npm --prefix $(WEB) run -s format:check
	npm --prefix $(WEB) run -s typecheck

# antsibull-docs lists the files of a collection with git, and git would list none of the collections below .venv.
lint-ansible: venv
	@ansible-lint --offline
	for collection in . local; do
	  GIT_CEILING_DIRECTORIES=$(CURDIR)/.venv antsibull-docs lint-collection-docs --plugin-docs \
	    --validate-collection-refs dependent $$collection
	done

sanity: venv ## ansible-test sanity on the collections as published
	@tools/run_sanity.sh $(ARGS)

matrix: venv ## plugins and sanity with the oldest and the newest ansible-core that we promise
	@tools/run_matrix.sh $(ARGS)

galaxy-import: venv ## what Galaxy checks when the collections are published there
	@tools/run_galaxy_importer.sh

imports: venv ## the imports between the packages of images/, and between the parts of each
	@python tools/list_imports.py

requirements: venv ## requirements.txt of every Python image, out of uv.lock
	@python tools/export_requirements.py

schemas: venv ## JSON Schemas of the documents, from their types; types and documentation of the settings, from their schema
	@python tools/make_schemas.py

docs: venv ## tables of the READMEs of roles and chart, options in inventories/prod; docs/permissions.md with its manifests
	@python tools/role_readmes.py
	python tools/make_permissions.py

manifests: venv ## the workflow templates as role workflows renders them, in build/workflows; SETTINGS=FILE lays settings over an example's
	@python tools/render_workflow_templates.py $(if $(SETTINGS),--settings $(SETTINGS))

unit: venv $(NODE_MODULES) ## quick tests without the cluster
	@npm --prefix $(WEB) test
	pytest -q $(ARGS)

molecule: venv browser $(NODE_MODULES) ## scenarios on the local cluster, in order
	@for scenario in default tile_cache data_update; do molecule test -s $$scenario; done

faults: venv ## scenario data_update with every fault: updates while all that may break breaks
	@FAULTS=all molecule test -s data_update

EE ?= execution-environment.yml
EE_BASE ?=
HELM ?= $(or $(shell command -v helm),/var/lib/cosmogony-stack/bin/helm)
IMAGE ?= cosmogony-ee:latest
ee: venv ## image in which AWX runs the playbooks; IMAGE= its reference, EE= its definition, EE_BASE= what it is made from, HELM= the Helm 3 that it gets
	@if ! test -x '$(HELM)'; then
	  echo "There is no Helm in $(HELM): give HELM=PATH, a Helm 3 for the image's kind of machine, such as make local builds." >&2
	  exit 2
	fi
	mkdir -p build/ee
	install -m 0755 '$(HELM)' build/ee/helm
	ansible-builder create --file '$(EE)' --context build/ee/context --output-filename Dockerfile
	docker build --network host $(if $(EE_BASE),--build-arg 'EE_BASE_IMAGE=$(EE_BASE)') --tag '$(IMAGE)' build/ee/context

e2e: venv browser $(NODE_MODULES) ## asks the running site, with a real browser
	@pytest -q tests/e2e

questions: export PYTHONPATH := tests
questions: venv browser ## answers five questions of a newcomer on the running site, and counts the clicks
	@python -m e2e.questions

screenshots: export PYTHONPATH := tests
screenshots: venv browser ## takes the pictures of docs/images from the running site, which must show sample world
	@python -m e2e.screenshots

live: venv ## asks this machine what the local cluster opened, and its site
	@pytest -q tests/live

long: venv ## tests that take minutes each: many pools, the same extraction over and over, beside other work
	@pytest -q -m long -o faulthandler_timeout=14400 $(ARGS)

bench: export PYTHONPATH := tests:images/importer/tests:images/api/tests:tests/bench/release
bench: venv ## figures of the extractor (sizes 1, 10, 40), of loading, tiles, switching releases under load, finding zones
	@python tests/bench/extractor/bench.py
	python tests/bench/release/load.py
	python tests/bench/release/tiles.py $(if $(ZONES),--zones $(ZONES))
	python tests/bench/release/trial.py --releases 20
	python tests/bench/api/lookups.py
	python tests/bench/api/peers.py

bench-site: export PYTHONPATH := tests
bench-site: venv browser ## figures of the page at SITE_URL: bytes, seconds to a usable map, layout shift, frames a second
	@python tests/bench/site/page.py

browser:
	@command -v chromium > /dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -qy --no-install-recommends chromium; }

node: venv
	@new_enough() { node -e 'const [major, minor] = process.versions.node.split(".")
	  process.exit((major == 20 && minor >= 19) || (major == 22 && minor >= 13) || major > 22 ? 0 : 1)'; }
	if ! { command -v npm && new_enough; } > /dev/null 2>&1; then
	  echo "Node.js 20.19 or 22.13 is missing or too old here ($$(node --version 2> /dev/null || echo none)): installing it into .venv"
	  uv sync -q --locked --inexact --group node
	fi

$(NODE_MODULES): %/node_modules/.stamp: %/package-lock.json | node
	@cd $*
	npm ci --no-audit --no-fund --no-update-notifier
	touch node_modules/.stamp

test: ## the gate: lint, the whole stack, unit tests, scenarios, a real browser
	@tools/run_gate.sh

test-upgrade: venv ## scenario upgrade: an earlier commit is deployed and becomes this checkout, with its data
	@molecule test -s upgrade

test-jobs: venv ## scenario awx: each job template of AWX in the execution environment
	@molecule test -s awx

test-long: ## the gate with every fault of scenario data_update, scenario upgrade, the tests of `make long` and those that take long on the cluster, the checks of the collection
	@FAULTS=all tools/run_gate.sh
	$(MAKE) --no-print-directory test-upgrade test-jobs
	$(MAKE) --no-print-directory long ARGS=--require-services
	pytest -q -m long -o faulthandler_timeout=14400 tests/live tests/install
	$(MAKE) --no-print-directory sanity galaxy-import matrix

changelog: venv ## CHANGELOG.md, from changelogs/fragments
	@folder=$$(mktemp -d)
	trap 'rm -rf "$$folder"' EXIT
	git ls-files -co --exclude-standard changelogs galaxy.yml meta plugins roles | tar -cf - -T - | tar -xf - -C "$$folder"
	(cd "$$folder" && antsibull-changelog release)
	cp "$$folder/CHANGELOG.md" .

build: venv ## the collections as tarballs, in dist/
	@ansible-galaxy collection build --force --output-path dist . local
