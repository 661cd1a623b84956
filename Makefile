# make demo   sets up, trains on the built-in corpus, exports, proves
# make test   sets up, passes the tests
# make benchmarks   sets up, measures Byline beside its alternatives, writes the tables (some hours)
# Everything goes into .venv/ and the user's cache; Python 3.11 is all that has to be there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_INSTALL = .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo test lint lock picture benchmarks clean

demo: .venv/demo
	.venv/bin/python -m export all

test: .venv/test
	.venv/bin/python -m pytest

lint: .venv/test
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/python tests/lint_web.py

lock:
	sh requirements/lock.sh

picture: .venv/test
	.venv/bin/python benchmarks/picture.py

benchmarks: .venv/benchmarks
	.venv/bin/python benchmarks/public.py --seeds 3 --write
	.venv/bin/python benchmarks/accuracy.py --corpus all --part test --seeds 3 --write
	.venv/bin/python benchmarks/training.py --repeats 3 --write
	.venv/bin/python benchmarks/web.py --write

clean:
	rm -rf .venv .venv-mediapipe

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "error: Byline needs Python 3.11 (tflite-support has no wheel for a newer one): make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv

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
