#!/bin/sh
# A file includes only headers of its own or a lower floor, a library's header is included only in the folder that wraps it,
# and every folder has its floor.
#   floors.sh PROJECT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

find include src -name '*.hpp' -o -name '*.cpp' | sort | xargs awk -f "$here/floors.awk"
