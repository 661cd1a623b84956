# make demo   sets up, trains on the built-in corpus, exports, proves
# make test   sets up, passes the tests
# make docs   builds the site of docs/ into site/, in .venv-docs/
# make benchmarks   sets up, measures Byline beside its alternatives, writes the tables (some hours)
# make frameworks   installs the exported npm package in every framework that the docs name, asks it there, writes the table
# make advisories   asks for known weaknesses of the pinned packages
# Everything goes into .venv/ and the user's cache; Python 3.11 is all that has to be there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes
PIP_INSTALL = .venv/bin/python $(INSTALL)
NEEDS_311 = $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	{ echo "error: Byline needs Python 3.11 (tensorflowjs and tflite-support have no wheels for a newer one): make PYTHON=/path/to/python3.11" >&2; exit 2; }

.PHONY: demo test lint lock docs picture benchmarks frameworks advisories clean

demo: .venv/demo
	.venv/bin/python -m export all

test: .venv/test
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile

lint: .venv/test
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/python tests/lint_web.py

lock:
	sh requirements/lock.sh

# not --quiet: it hides warnings from --strict
docs: .venv-docs/docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict
	@echo "built site/: .venv-docs/bin/python -m http.server --directory site"

picture: .venv/test
	.venv/bin/python docs/_build/picture.py
	.venv/bin/python docs/_build/draw.py

benchmarks: .venv/benchmarks
	.venv/bin/python benchmarks/public.py --seeds 3 --write
	.venv/bin/python benchmarks/accuracy.py --corpus all --part test --seeds 3 --write
	.venv/bin/python benchmarks/training.py --repeats 3 --write
	.venv/bin/python benchmarks/web.py --write
	.venv/bin/python benchmarks/frontier.py --seeds 3 --write
	.venv/bin/python benchmarks/accents.py --write

# known weaknesses of the pinned packages; it fails where there are some, or where nobody can be asked
advisories: .venv-advisories/advisories
	.venv-advisories/bin/python -m pip_audit --disable-pip --require-hashes --timeout 10 --requirement requirements/test.txt
	cd web && npm audit --omit=dev

# the package of `make demo`, or of any other export in dist/
frameworks: .venv/test
	.venv/bin/python benchmarks/frameworks/measure.py --write

clean:
	rm -rf .venv .venv-advisories .venv-docs .venv-mediapipe site

.venv/bin/python:
	@$(NEEDS_311)
	$(PYTHON) -m venv .venv

.venv-docs/bin/python:
	@$(NEEDS_311)
	$(PYTHON) -m venv .venv-docs

.venv-advisories/bin/python:
	@$(NEEDS_311)
	$(PYTHON) -m venv .venv-advisories

.venv/demo: requirements/demo.txt | .venv/bin/python
	@echo "installing the pinned packages into .venv (some minutes, once)"
	$(PIP_INSTALL) -r $<
	touch $@

.venv/test: requirements/test.txt | .venv/bin/python
	@echo "installing the pinned packages into .venv (some minutes, once)"
	$(PIP_INSTALL) -r $<
	touch $@

.venv/benchmarks: requirements/benchmarks.txt | .venv/bin/python
	@echo "installing the pinned packages into .venv (some minutes, once)"
	$(PIP_INSTALL) -r $<
	touch $@

.venv-docs/docs: requirements/docs.txt | .venv-docs/bin/python
	@echo "installing the site's pinned packages into .venv-docs (a minute, once)"
	.venv-docs/bin/python $(INSTALL) -r $<
	touch $@

.venv-advisories/advisories: requirements/advisories.txt | .venv-advisories/bin/python
	.venv-advisories/bin/python $(INSTALL) -r $<
	touch $@
