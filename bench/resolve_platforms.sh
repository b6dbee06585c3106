#!/bin/sh
# Does the pinned set resolve on the platforms that README.md calls "resolved only"? Needs the network, installs nothing.
#   sh bench/resolve_platforms.sh
set -eu
cd "$(dirname "$0")/.."
export MACOSX_DEPLOYMENT_TARGET=14.0 # the first that PyTorch has builds for
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do
    for python in 3.11 3.12; do
        count=$(.venv/bin/uv pip compile --quiet --python-platform "$platform" --python-version "$python" \
            --constraint constraints.txt --no-header --no-annotate pyproject.toml | wc -l)
        echo "$platform, Python $python: $count packages"
    done
done
