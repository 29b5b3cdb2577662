#!/usr/bin/env bash
# Answers cards of 1, 2, 3 and 5 questions, then one against a failing provider. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
for n in 1 2 3 5; do
  map answers.toml "card-$n.csv" "answers-$n.csv" --pack allow "$@"
done
map answers.toml card-5.csv answers-fallback.csv --attempts 1 \
  --mock-options "--latency 200ms --fault concurrent:1 --fault pack_malformed" "$@"
