#!/usr/bin/env bash
# Grades 30 submissions of 4 users under 10,000 output tokens per minute. See README.md.
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
map grade.toml submissions.csv graded.csv "$@" || [ $? -eq 1 ] # Exit code 1: one submission fails on purpose.
