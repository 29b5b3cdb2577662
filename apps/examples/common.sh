# Sourced by the run.sh of each example: finds (or builds) the program and a place for results.
# Nothing is sent anywhere but to the built-in mock on a loopback port.
set -euo pipefail
example=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
root=$(cd "$example/../../.." && pwd)
source "$root/config/packages.sh"

if [ -n "${PENSTOCK_TEST_PROGRAM:-}" ]; then
  penstock=$PENSTOCK_TEST_PROGRAM
else
  penstock_install "${penstock_packages[@]}"
  penstock_build release penstock
  penstock=$root/build/release/apps/penstock/penstock
fi
results=${PENSTOCK_TEST_RESULTS:-$root/build/examples/$(basename "$example")}
mkdir -p "$results"

# map RECIPE INPUT OUTPUT [options]: one run of `penstock map`, from the example's folder.
map() {
  local recipe=$1 input=$2 output=$3
  shift 3
  (cd "$example" && "$penstock" map "$recipe" "$input" -o "$results/$output" --config penstock.toml --restart "$@")
}
