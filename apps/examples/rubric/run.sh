#!/usr/bin/env bash
# Extracts and enhances the categories of rubrics in a PDF and a DOCX. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
map rubric.toml rubrics.csv rubrics.jsonl "$@" || [ $? -eq 1 ] # One file is damaged.
