#!/usr/bin/env bash
# Makes 50 flashcards in two cached stages, three times. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cache=$results/cache.db
rm -f "$cache"*
map cards.toml words.tsv cards.tsv --cache on --cache-file "$cache" "$@"
map cards.toml words.tsv cards-again.tsv --cache on --cache-file "$cache" "$@"
map cards.toml words-mixed.tsv cards-mixed.tsv --cache on --cache-file "$cache" "$@"
