#!/bin/sh
# Writes the hashed locks anew from pyproject.toml, with uv: sh requirements/lock.sh
# Plain pip installs them: pip install --require-hashes -r requirements/demo.txt
set -eu
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="sh requirements/lock.sh"
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate "$@"; }
compile pyproject.toml --extra test --output-file requirements/test.txt
compile pyproject.toml --extra demo --constraint requirements/test.txt --output-file requirements/demo.txt
compile pyproject.toml --extra benchmarks --constraint requirements/test.txt --output-file requirements/benchmarks.txt
# The demo's lock has wheels for Apple Silicon. Where tensorflowjs has none: fit, predict, evaluate and audit.
platform() { uv pip compile --quiet --no-config --python-version 3.11 --generate-hashes --no-annotate --python-platform "$@"; }
platform aarch64-apple-darwin requirements/demo.txt >/dev/null
platform aarch64-unknown-linux-gnu pyproject.toml --extra audit --output-file requirements/audit-linux-arm.txt
platform x86_64-pc-windows-msvc pyproject.toml --extra audit --output-file requirements/audit-windows.txt
compile requirements/advisories.in --output-file requirements/advisories.txt
compile requirements/mediapipe.in --output-file requirements/mediapipe.txt
# The site needs neither TensorFlow nor what else Byline is made of, but NumPy, which the parsers of the commands import.
{ sed -n '/^docs = \[/,/^\]/s/^ *"\(.*\)",.*/\1/p' pyproject.toml; echo numpy; } |
  compile - --constraint requirements/test.txt --output-file requirements/docs.txt
