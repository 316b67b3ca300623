#!/bin/sh
# data/fetch_movielens.sh leaves the whole data set or nothing.
#   fetch_test.sh PROJECT
# shellcheck disable=SC2317  # the functions are called through check
set -eu
project=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
mkdir "$scratch/bin" "$scratch/data" "$scratch/ml-100k"
export PATH="$scratch/bin:$PATH"

# stand_in NAME: a program of that name, from standard input, found before the real one.
stand_in() {
  { echo '#!/bin/sh'; cat; } >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}
check() {
  name=$1
  shift
  if ! "$@"; then
    echo "FAILED: $name"
    cat "$scratch/output"
    failures=1
  fi
}
fetch() {
  status=0
  "$project/data/fetch_movielens.sh" "$scratch/data" >"$scratch/output" 2>&1 || status=$?
}
says() { grep -q -- "$1" "$scratch/output"; }
nothing_left() { [ -z "$(ls -A "$scratch/data")" ]; }

stand_in curl <<'END'
echo "curl: (6) Could not resolve host" >&2
exit 6
END
fetch
check "no network is an error" test "$status" = 1
check "no network leaves nothing" nothing_left

# An archive that arrives, but is not the published one.
stand_in curl <<'END'
while [ "$1" != --output ]; do shift; done
echo damaged >"$2"
END
fetch
check "a wrong checksum is an error" says "MD5 .* not the published"
check "a wrong checksum leaves nothing" nothing_left

# The published archive, as far as md5sum can tell.
stand_in md5sum <<'END'
echo "0e33842e24a9c977be4e0107933c0723  $1"
END
stand_in unzip <<'END'
mkdir "$4/ml-100k"
echo item >"$4/ml-100k/u.item"
seq "$RATINGS" >"$4/ml-100k/u.data"
END
export RATINGS=99999
fetch
check "too few ratings are an error" says "does not hold the 100000 ratings"
check "too few ratings leave nothing" nothing_left
export RATINGS=100000
fetch
check "the data set arrives" test "$status" = 0 -a -r "$scratch/data/ml-100k/u.data"
check "only the data set is left" test "$(ls -A "$scratch/data")" = ml-100k
check "the terms are told" says "no commercial use"

rm "$scratch/bin/curl"
stand_in curl <<'END'
echo "curl was called"
exit 1
END
fetch
check "what is there is not fetched again" says "already there"
: >"$scratch/data/ml-100k/u.data"
fetch
check "something else in its place is not touched" says "move it away"
exit "$failures"
