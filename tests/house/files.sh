# shellcheck shell=sh
# What the house checks share. To be sourced.

# project_files ROOT TEST...: the project's own files for which find's TEST holds, one a line: no build trees, no data sets.
project_files() {
  root=$1
  shift
  find "$root" \( -name .git -o -path "$root/build*" -o -path "$root/checkpoints" -o -path "$root/data/*/*" \) -prune \
    -o -type f "$@" -print
}

# need PROGRAM PACKAGE: ends the check if the program is missing: as a failure in CI, elsewhere as skipped (77).
need() {
  command -v "$1" >/dev/null && return
  echo "SKIPPED: there is no $1; install the package $2 (launch/install-deps.sh) to run this check" >&2
  [ -z "${CI-}" ] || exit 1
  exit 77
}
