#!/usr/bin/env bash
# Summaries for 120 students of 3 schools, with a kill in the middle and a school cancelled. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
output=$results/summaries.csv
rm -f "$output"* 

# Number of answered rows in the status file; 0 without a file.
answered() { grep -o '"completed":[0-9]*' "$output.status.json" 2>/dev/null | head -1 | cut -d: -f2 || true; }
wait_for() { until [ "$(answered)" ] && [ "$(answered)" -ge "$1" ]; do sleep 0.1; done; }

(cd "$example" && exec "$penstock" map summaries.toml students.csv -o "$output" --config penstock.toml "$@") &
first=$!
wait_for 30
kill -9 $first
wait $first 2>/dev/null || true
penstock_say "killed with 30 answers; the same command goes on"

(cd "$example" && exec "$penstock" map summaries.toml students.csv -o "$output" --config penstock.toml "$@") &
second=$!
wait_for 45 # Early, because the school must have open rows when it is cancelled, a second or two later.
echo Hillcrest > "$output.cancel"
penstock_say "cancelling Hillcrest"
wait $second || [ $? -eq 1 ] # Exit code 1: the cancelled rows are not completed.
