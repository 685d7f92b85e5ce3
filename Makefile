# Everything there is to do; .ci/run calls `make check test`, and nothing else.
# Each target sets up what it needs first, so any of them may be the first one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DONE := .stamps
NODE := $(shell command -v npm 2>/dev/null)
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' 2>/dev/null)
DEMO_DATA := demo-data
# programs of the machine that tests run, each with its Debian packages
TEST_PROGRAMS := rsync:rsync automake:automake tinyproxy:tinyproxy-bin dnf:dnf rpmbuild:rpm createrepo_c:createrepo-c \
	qemu-img:qemu-utils virsh:libvirt-clients libvirtd:libvirt-daemon \
	qemu-system-x86_64:qemu-system-x86,libvirt-daemon-driver-qemu \
	bwrap:bubblewrap podman:podman runc:runc sshd:openssh-server ssh:openssh-client

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONUTF8 = 1
# hundreds of programs start in the tests: each would compile its modules again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-tests demo demo-reset check check-types check-texts check-web test \
	test-web soak bench docs golden screenshots constraints clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: $(DONE)/python $(DONE)/web ## Install everything into this folder, build the web pages

demo: setup ## Run the example: a product, a feeder, two laboratories, one answer
	$(BIN)/python -m examples.jinja2.demo

demo-reset: ## Forget what the example stored
	@# The database may live elsewhere, linked from the data folder: see docs/decisions/0002.
	@for link in $$(find $(DEMO_DATA) -name postgres -type l 2>/dev/null); do \
		rm -rf "$$(readlink -f "$$link")"; done
	rm -rf $(DEMO_DATA)

# types take as long as all the rest: side by side; of `make check test` the tests do their part
check: setup ## Format, lint, types, import contracts, sizes and texts
	@$(MAKE) --no-print-directory -j 2 check-types check-texts check-web \
		RULES="$(if $(filter test,$(MAKECMDGOALS)),,tests/architecture)"

check-types:
	$(BIN)/mypy

# what tests are compiled to is kept: otherwise each process of `make test` does it for itself
check-texts: RULES ?= tests/architecture
check-texts:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	@echo "every test can be read"; $(BIN)/pytest -n 0 --collect-only -qq > $(DONE)/collected \
		|| { cat $(DONE)/collected; exit 1; }
	$(if $(RULES),$(BIN)/pytest -n 0 $(RULES))

# more than a small machine has processors: many tests wait, for programs that start or end
test: setup-tests ## Every test
	$(BIN)/pytest -n 4
	$(MAKE) --no-print-directory test-web

soak: setup-tests ## The scenarios with 500 seeds of injected faults
	RINGTEST_SOAK=1 $(BIN)/pytest -n 2 tests/scenario

bench: setup ## Every measurement, one after the other, and one table of what they came to
	@kept=$$(mktemp -d "$${TMPDIR:-/tmp}/ringtest-kept-XXXXXX"); chmod 711 "$$kept"; failed=; \
	trap 'rm -rf "$$kept"' EXIT; trap 'exit 130' INT TERM; export RINGTEST_BENCH_KEPT="$$kept"; \
	for file in benchmarks/bench_*.py; do echo "== $$file"; \
		$(BIN)/python -m benchmarks.$$(basename $$file .py) || failed="$$failed $$file"; done; \
	echo; $(BIN)/python -m benchmarks.table || failed="$$failed table"; \
	test -z "$$failed" || { echo "bench: failed:$$failed"; exit 1; }

docs: setup ## Write the pages that are made from the code
	$(BIN)/python -m docs.generate

golden: setup ## Accept what the API and its messages look like now
	RINGTEST_WRITE_GOLDEN=1 $(BIN)/pytest -n 0 tests/golden

screenshots: setup-tests ## Photograph the web pages of a running example for the documentation
	$(BIN)/python -m docs.screenshots

constraints: setup ## Pin what is installed now
	$(BIN)/pip freeze --all --exclude pip --exclude-editable --exclude ringtest > constraints.txt

clean: ## Remove what setup and build made; keeps data folders
	rm -rf $(VENV) $(DONE) web/node_modules src/ringtest/control/static dist build \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# setup, step by step ---------------------------------------------------------

$(BIN)/python:
	@echo "setup: a virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "setup: Python 3.11 or newer is needed; name it: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "setup: python3-venv is missing; trying apt-get"; \
		apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv \
		&& $(PYTHON) -m venv $(VENV); }

$(DONE)/python: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setup: Python packages (a minute or two)"
	$(BIN)/python -m pip install --quiet --progress-bar off -c constraints.txt -e '.[server,dev]'
	@mkdir -p $(DONE) && touch $@

$(DONE)/web-packages: web/package.json $(wildcard web/package-lock.json)
	@echo "setup: packages of the web pages"
	cd web && { [ -f package-lock.json ] && npm ci --no-audit --no-fund || npm install --no-audit --no-fund --no-package-lock; }
	@mkdir -p $(DONE) && touch $@

ifdef NODE
$(DONE)/web: $(DONE)/web-packages $(WEB_SOURCES)
	@echo "setup: building the web pages"
	cd web && npm run --silent build -- --logLevel warn
	@mkdir -p $(DONE) && touch $@

check-web: $(DONE)/web-packages
	cd web && npm run check

test-web: $(DONE)/web-packages
	cd web && npm test
else
.PHONY: $(DONE)/web
$(DONE)/web check-web test-web:
	@echo "$(@F): no Node.js here: the server works without its web pages"
endif

setup-tests: setup
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
		|| command -v google-chrome >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "setup: Chromium for the tests of the web pages"; \
			apt-get update -q && apt-get install -y -q --no-install-recommends chromium; \
		else \
			echo "setup: no Chromium: tests of the web pages in a browser are skipped"; \
		fi; }
	@missing=; for pair in $(TEST_PROGRAMS); do \
		command -v "$${pair%%:*}" >/dev/null || missing="$$missing $$(echo $${pair#*:} | tr , ' ')"; \
		done; \
	test -z "$$missing" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "setup: programs that the tests run:$$missing"; \
			apt-get install -y -q --no-install-recommends $$missing || { apt-get update -q \
				&& apt-get install -y -q --no-install-recommends $$missing; }; \
		else \
			echo "setup: tests of these programs cannot run:$$missing"; \
		fi; }
