#!/usr/bin/env bash
# Extracts and enhances the categories of rubrics in a PDF and a DOCX. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
map rubric.toml rubrics.csv rubrics.jsonl "$@" || [ $? -eq 1 ] # Exit code 1: one file is damaged.
