#!/bin/sh
# No script gives shellcheck anything to say.
#   scripts.sh PROJECT
set -eu
. "$(dirname "$0")/files.sh"
need shellcheck shellcheck
cd "$1"
project_files . \( -name '*.sh' -o -name '*.sbatch' -o -name '*.pbs' -o -path ./.ci/run \) | xargs shellcheck
