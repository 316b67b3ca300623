#!/bin/sh
# No file names a path of the machine that it was written on.
#   paths.sh PROJECT
set -eu
. "$(dirname "$0")/files.sh"
root=$(cd "$1" && pwd -P)
cd "$root"
# Letters in brackets, so that the pattern does not match itself.
pattern='(^|[^[:alnum:]_./}$-])/(h[o]me|r[o]ot|w[o]rk|U[s]ers|t[m]p)/[[:alnum:]_.]'
found=$({
  project_files . | xargs grep -nIE "$pattern" || true
  project_files . | xargs grep -nIF "$root/" || true
} | sort -u)
if [ -n "$found" ]; then
  echo "Paths of somebody's machine (tests: testing::TempDir(), scripts: mktemp):"
  echo "$found"
  exit 1
fi
