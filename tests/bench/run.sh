#!/usr/bin/env bash
# Measures Penstock: one table for people, one JSON file for machines.
#   bash tests/bench/run.sh [--quick] [--only T1,T5] [--rounds N] [--json FILE]
# PENSTOCK_BENCH_BUILD names a release build that exists already and is used as it is.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source config/packages.sh

if [ -z "${PENSTOCK_BENCH_BUILD:-}" ]; then
  penstock_install "${penstock_packages[@]}" python3 python3-venv curl
  penstock_build release penstock penstock_bench_floor penstock_bench_timed
fi
# File names are the caller's, the rest is found from the script.
driver=$PWD/tests/bench/run.py
cd "$called_from"
exec python3 -B "$driver" "$@"
