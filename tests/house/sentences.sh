#!/bin/sh
# Pages are read in a hurry: no sentence of theirs has more than 30 words.
#   sentences.sh PROJECT
set -eu
. "$(dirname "$0")/files.sh"
{ project_files "$1" -name '*.md' && echo "$1/data/results/README.md"; } | xargs awk -f "$(dirname "$0")/sentences.awk"
