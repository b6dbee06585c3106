#!/bin/sh
# How long `make setup` takes when there is nothing to do (target: under 0.2 s), twice:
# files untouched, and files touched but the same in content.
#   sh bench/setup_noop.sh
set -eu
cd "$(dirname "$0")/.."
make setup
echo "untouched:"
time -p make setup
touch pyproject.toml
echo "touched, content the same:"
time -p make setup
