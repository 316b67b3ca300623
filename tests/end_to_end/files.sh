#!/usr/bin/env bash
# Files of interactions and their splits: read whole, trained the same on any number of ranks, tested once.
#   files.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need_movielens

# counts NAME WORDS...: what a plan of the data set says.
counts() {
  local directory=${movielens%/*}/$1
  [[ -f $directory/train.txt ]] || skip "no $1 in ${movielens%/*}; set GEMEL_DATA"
  status=0
  timeout 200 "${mpiexec[@]}" -n 3 "$trainer" plan --data "$directory" \
    >output 2>errors </dev/null || status=$?
  ((status == 0)) || fail "exit code $status of a plan of $1"
  for words in "${@:2}"; do
    check "a plan of $1 says '$words'" grep -qF -- "$words" output
  done
}
counts ml-1m-split '895699 interactions, 3043 candidates' 'user_id_lookup [6023, 32]' 'item_id_lookup [3044, 32]'
counts gowalla-split '1027370 interactions, 40981 candidates' 'user_id_lookup [29859, 32]' 'item_id_lookup [40982, 32]'

# said WORDS...: what the last run printed.
said() {
  for words in "$@"; do
    check "the run says '$words'" grep -qE -- "$words" output
  done
}

# MovieLens-100k, as pairs: each split gives the same on 1 and on 3 ranks.
quiet=(--progress lines --log-level debug)
pairs=(--train-file "$movielens/u.data" --file-format pairs --batch-size 8192 --epochs 1)
for split in 'time --validation-fraction 0.1' leave-last-out leave-last-two-out 'k-fold --fold 2'; do
  read -ra words <<<"$split"
  kind=${words[0]}
  train 1 "$kind-1" "${pairs[@]}" --split "${words[@]}"
  train 3 "$kind-3" "${pairs[@]}" --split "${words[@]}" --metrics-file "$kind.jsonl"
  check "3 ranks with --split $kind give what 1 gives" same "$kind-1" "$kind-3"
  said "  split +$kind\$" '  candidate-feature +item_id:lookup$' '  query-feature +user_id:lookup timestamp:bucketize'
done
! same time-1 leave-last-out-1 >/dev/null || fail 'another split gives the same checkpoint'
check 'a run with validation examples is tested once' \
  test "$(grep -c '"event":"test","part":"test"' leave-last-two-out.jsonl)" = 1
check 'and validated on others' grep -q '"event":"validation","part":"validation"' leave-last-two-out.jsonl
check 'a run without them has no other test' test "$(grep -c '"event":"test"' leave-last-out.jsonl)" = 0

# A heading, Latin-1 and a pipe: the same interactions, in UTF-8.
mkdir windows unix
{ echo 'movie_id;user_id;time' && awk '{ print "caf\351 " $2 ";" $1 ";" $4 }' "$movielens/u.data"; } >windows/data.csv
iconv -f LATIN1 -t UTF-8 windows/data.csv >unix/data.csv
short=(--batch-size 8192 --epochs 1)
train 3 latin1 --train-file windows/data.csv "${short[@]}"
check 'the run says how it read the first line' grep -qF \
  "pairs, separated by semicolons, after a heading: item 'café 242', user '196', timestamp 881250949" errors
check 'and the encoding' grep -qF 'windows/data.csv: is not UTF-8: read as Latin-1' errors
train 1 utf8 --train-file unix/data.csv "${short[@]}"
check 'another encoding is the same data' same latin1 utf8
status=0
timeout 200 "${mpiexec[@]}" -n 2 "$trainer" train "${working[@]}" --checkpoint-dir piped "${quiet[@]}" \
  --train-file /dev/stdin "${short[@]}" <unix/data.csv >output 2>errors || status=$?
check 'standard input can be read' test "$status" = 0
check 'and is the same data' h5diff "$(newest piped)" "$(newest utf8)" /query/tables

# Lists: ids are all there is.
awk '{ if (NR % 5) train[$1] = train[$1] " " $2; else test[$1] = test[$1] " " $2; users[$1] }
  END { for (u in users) { print u train[u] >"train.txt"; print u test[u] >"test.txt" } }' "$movielens/u.data"
lists=(--train-file train.txt --test-file test.txt --batch-size 8192 --validate-every 1)
train 2 lists "${lists[@]}" --epochs 1
said '^train.txt, test.txt: 100000 interactions \(80000 to train, 20000 to test\)' '  split +files$' \
  '  query-feature +user_id:lookup$' '  candidate-feature +item_id:lookup$' '  test-fraction +not used$'
train 1 whole "${lists[@]}" --epochs 2
train 3 lists "${lists[@]}" --epochs 2 --resume auto
check 'lists that are gone on with give what an undisturbed run gives' same whole lists
mkdir both && mv train.txt test.txt both
train 3 lists --data both --batch-size 8192 --epochs 3 --resume auto
said '^both \(train.txt, test.txt\): 100000 interactions'
on 2 --checkpoint-dir lists "${quiet[@]}" --data "$movielens" --batch-size 8192 --resume auto
((status == 4)) || fail "exit code $status, not 4, for a checkpoint of other features"
check 'the message names the features' grep -q -- '--query-feature user_id:lookup:32, this run has' errors
finish
