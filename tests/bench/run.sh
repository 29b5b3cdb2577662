#!/usr/bin/env bash
# Measures Penstock: one table for people, one JSON file for machines.
#   bash tests/bench/run.sh [--quick] [--only T1,T5] [--rounds N] [--json FILE]
# Builds build/release first, unless PENSTOCK_BENCH_BUILD names a build to be used as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v python3 >/dev/null || { source "$here/../../config/packages.sh" && penstock_install python3; }
exec python3 -B "$here/run.py" "$@"
