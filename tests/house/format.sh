#!/bin/sh
# Every C++ file is laid out as .clang-format says. Versions of clang-format differ in what they make of it: 14 counts.
#   format.sh PROJECT
set -eu
. "$(dirname "$0")/files.sh"
need clang-format-14 clang-format-14
cd "$1"
if ! complaints=$(project_files . \( -name '*.hpp' -o -name '*.cpp' \) |
  xargs clang-format-14 --dry-run --Werror 2>&1); then
  echo "$complaints" | grep -E ' (error|warning): ' || echo "$complaints"
  echo "To mend it: clang-format-14 -i FILE..."
  exit 1
fi
