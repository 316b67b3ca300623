#!/usr/bin/env bash
# The commit that --version tells: that of the checkout, and "unknown" for a tarball, also one that is unpacked in another checkout.
#   version_test.sh PROJECT
set -uo pipefail
project=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
for tool in cmake git; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: no program $tool"; exit 77; }
done

# tells DIRECTORY PATTERN: what is written for a source tree there.
tells() {
  cmake -DSOURCE_DIR="$1" -DHEADER="$scratch/generated/commit.hpp" -P "$project/cmake/GemelCommit.cmake" || failures=1
  grep -qxE "#define GEMEL_COMMIT \"$2\"" "$scratch/generated/commit.hpp" && return
  printf 'FAILED: %s of %s is not %s\n' "$(cat "$scratch/generated/commit.hpp")" "$1" "$2"
  failures=1
}

mkdir -p "$scratch/checkout/tarball"
tells "$scratch/checkout" unknown
git() { command git -C "$scratch/checkout" -c user.name=test -c user.email=test@localhost "$@" >/dev/null; }
git init --quiet && touch "$scratch/checkout/file" && git add file
tells "$scratch/checkout" unknown # there is no commit
git commit -m first
tells "$scratch/checkout" '[0-9a-f]{12}'
tells "$scratch/checkout/tarball" unknown
written=$(stat -c %y "$scratch/generated/commit.hpp")
tells "$scratch/checkout/tarball" unknown
[[ $(stat -c %y "$scratch/generated/commit.hpp") == "$written" ]] || { echo 'FAILED: written again without need'; failures=1; }
echo changed >"$scratch/checkout/file"
tells "$scratch/checkout" '[0-9a-f]{12}-dirty'
exit "$failures"
