#!/usr/bin/env bash
# Installs what is missing, builds Penstock and runs a sample job of 50 requests against the built-in
# mock provider: about one second each, 50 in flight. It needs no key and no network.
#   bash apps/quickstart.sh [options of "penstock run"]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source config/packages.sh

if [ -n "${PENSTOCK_TEST_PROGRAM:-}" ]; then # A test has built it already.
  penstock=$PENSTOCK_TEST_PROGRAM
else
  penstock_install "${penstock_packages[@]}"
  penstock_build release penstock
  penstock=build/release/apps/penstock/penstock
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for i in $(seq 1 50); do
  printf '{"custom_id":"item-%02d","method":"POST","url":"/v1/chat/completions","body":{"model":"demo","max_tokens":60,"messages":[{"role":"user","content":"Summarise item %d in one sentence."}]}}\n' "$i" "$i"
done > "$work/sample.jsonl"

penstock_say "running 50 requests of about 1 s each against the built-in mock, 50 in flight"
env -u PENSTOCK_CMAKE_ARGS "$penstock" run "$work/sample.jsonl" -o "$work/results.jsonl" \
  --upstream mock --mock-options "--latency 1s" --mode parallel --in-flight-max 50 "$@"

echo
echo "The first and last results, in the order of the input:"
sed -n '1,3p;48,50p' "$work/results.jsonl" |
  sed -E 's/.*"custom_id":"([^"]*)".*"status_code":([0-9]+).*"content":"([^"]*)".*/  \1  \2  \3/'
echo
echo "Next: $penstock run --help"
