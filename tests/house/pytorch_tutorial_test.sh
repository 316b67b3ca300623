#!/usr/bin/env bash
# tests/benchmark/pytorch_tutorial.py, on a small data set. Skipped without PyTorch, in CI too: nothing of gemel needs it.
#   pytorch_tutorial_test.sh PROJECT
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail
source "$(dirname "$0")/files.sh"
need jq jq
port=$1/tests/benchmark/pytorch_tutorial.py
for python in "${GEMEL_PYTHON:-python3}" /usr/bin/python3; do
  if "$python" -c 'import numpy, torch' 2>/dev/null; then break; fi
  python=
done
if [[ ! $python ]]; then
  echo "SKIPPED: there is no PyTorch (Debian: python3-torch)" >&2
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

check() {
  if ! "${@:2}"; then
    printf 'FAILED: %s\n' "$1"
    sed 's/^/  | /' output errors
    failures=1
  fi
}
# train [OPTION...]: leaves what the port prints in `output`.
train() {
  status=0
  "$python" "$port" --data data --layers 8,4 --batch-size 64 --epochs 2 "$@" >output 2>errors || status=$?
}
is() { [[ $status == 0 && $(jq "$1" output) == true ]]; }

# 400 interactions of 20 users with 120 items, two of which have the same title.
mkdir data
for ((item = 1; item <= 120; ++item)); do echo "$item|The Film, no. $((item == 120 ? 1 : item))|x"; done >data/u.item
for ((i = 0; i < 400; ++i)); do printf '%d\t%d\t3\t%d\n' $((i % 20 + 1)) $((i * i % 113 + 1)) $((1000 + 7 * i)); done >data/u.data

train
check "every epoch is timed" is '.epoch_seconds.all | length == 2 and all(. > 0)'
check "median and minimum are theirs" is '.epoch_seconds | .median == (.all | add / 2) and .min == (.all | min)'
check "the loss per example is that of a guess among the batch, at first" is '.loss > 3.5 and .loss < 4.3'
check "accuracies grow with k" is '[.top_1, .top_5, .top_10, .top_50, .top_100] | . == sort and .[4] > 0.5 and .[4] < 1.01'
check "the settings are told" is '.settings | .layers == [8, 4] and .batch_size == 64 and .threads == 1'
loss=$(jq .loss output)
train --sparse
check "sparse gradients are the same gradients" is "(.loss / $loss - 1 | fabs) < 1e-4"
train --ddp 2
check "with two processes a guess is among half a batch" is '.loss > 2.8 and .loss < 3.6'
check "two processes answer once" test "$(wc -l <output)" = 1
train --data nowhere
check "missing data are an error" test "$status" = 2

"$python" - "$(dirname "$port")" >output 2>errors <<'END'
import sys
sys.path.insert(0, sys.argv[1])
from pytorch_tutorial import MovieLens, text_table
tokens, rows = text_table(["", "b, a.", "A"])
assert tokens.tolist() == [[0, 0], [3, 2], [2, 0]] and rows == 4, (tokens, rows)
data = MovieLens("data")
assert len(data.catalogue) == 120 and data.catalogue[0] == data.catalogue[119], data.catalogue
assert data.buckets.min() == 1 and data.buckets.max() == 1000, data.buckets
assert abs(data.times.mean()) < 1e-6 and abs(data.times.std(unbiased=False) - 1) < 1e-6
training, tests = data.split(1)
assert len(tests) == 80 and sorted([*training.tolist(), *tests.tolist()]) == list(range(400))
END
check "words, titles, times and split are the tutorial's" test "$?" = 0

mkdir large
"$python" "$(dirname "$port")/make_large_data.py" large --users 500 --items 40 >output 2>errors
check "the large data set is of the size that was asked for" test "$(wc -l <large/u.data) $(wc -l <large/u.item)" = '500 40'
check "its items have the fields of MovieLens 100K" test "$(awk -F '|' '{print NF}' large/u.item | sort -u)" = 24
check "its users have one interaction each" test "$(cut -f 1 large/u.data | sort -u | wc -l)" = 500
check "its items are known" test "$(cut -f 2 large/u.data | sort -n | tail -n 1)" -le 40
check "some of them are popular" test "$(cut -f 2 large/u.data | sort | uniq -c | sort -rn | awk 'NR == 1 {print $1}')" -gt 20
"$python" "$port" --data large --layers 4 --batch-size 64 --epochs 1 >output 2>errors
check "PyTorch trains on it" test "$?" = 0

((failures == 0)) && echo "all checks of the PyTorch port passed"
exit "$failures"
