#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests.
#   bash tests/run.sh [options of ctest, for example -R lane -L integration]
# PENSTOCK_PRESET chooses another build than "release": dev, asan or tsan.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source config/packages.sh

penstock_install "${penstock_packages[@]}" python3 python3-venv curl openssl iproute2
preset=${PENSTOCK_PRESET:-release}
penstock_build "$preset"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# Four tests run at once, because most of them wait. A failed test shows all of its output.
exec ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j 4 "$@"
