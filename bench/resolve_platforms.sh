#!/bin/sh
# Does the pinned set resolve on the platforms that README.md lists as "resolved only"? Needs the network, installs nothing.
#   sh bench/resolve_platforms.sh
set -eu
cd "$(dirname "$0")/.."
export MACOSX_DEPLOYMENT_TARGET=14.0 # the first that PyTorch has builds for
requirements=$(mktemp --suffix .txt)
.venv/bin/python -c 'from gretchen.projects import requirements as r; print(*r.all_requirements(), sep="\n")' >"$requirements"
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do
    for python in 3.11 3.12; do
        count=$(.venv/bin/uv pip compile --quiet --python-platform "$platform" --python-version "$python" \
            --constraint constraints.txt --no-header --no-annotate --group dev pyproject.toml "$requirements" | wc -l)
        echo "$platform, Python $python: $count packages"
    done
done
