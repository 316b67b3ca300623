#!/usr/bin/env bash
# A run that goes on with more users, items and interactions grows its tables, the same on any number of ranks.
#   growth.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need h5dump

# dataset DIRECTORY USERS ITEMS INTERACTIONS [ALREADY]: a MovieLens-100k of them. The first ALREADY interactions are between 40 users
# and 60 items.
dataset() {
  mkdir -p "$1"
  awk -v users="$2" -v items="$3" -v total="$4" -v already="${5:-0}" 'BEGIN {
    for (i = 0; i < total; ++i) {
      if (i < already) printf "%d\t%d\t%d\t%d\n", i % 40 + 1, (i * 7 + int(i / 40)) % 60 + 1, i % 5 + 1, 880000000 + i * 1000
      else printf "%d\t%d\t%d\t%d\n", i % users + 1, (i * 7 + int(i / 40)) % items + 1, i % 5 + 1, 880000000 + i * 1000
    }
  }' >"$1/u.data"
  for ((i = 1; i <= $3; ++i)); do
    printf '%d|Film number %d (199%d)|01-Jan-1995||\n' "$i" "$i" $((i % 10))
  done >"$1/u.item"
}

# strings FILE DATASET: its strings, one a line.
strings() {
  h5dump -y -w 1 -d "$2" "$1" | sed -n '/DATA {/,$p' | grep -o '"[^"]*"' | sed 's/\\000//g'
}

# says TEXT...: the last run said them all.
says() {
  for text in "$@"; do
    grep -qF -- "$text" output errors || fail "does not say '$text'"
  done
}

# shape FILE DATASET: such as "71, 8".
shape() {
  h5dump -H -d "$2" "$1" | sed -n 's/.*SIMPLE { ( \([^)]*\) ).*/\1/p'
}

# expect_grown DATASET OLD NEW: the newer file's strings are the OLD ones of the older file, each in its row, then NEW others.
expect_grown() {
  strings "$older" "$1" >old
  strings "$newer" "$1" >new
  [[ $(wc -l <old) == "$2" ]] || fail "$1: $(wc -l <old) old rows, not $2"
  [[ $(wc -l <new) == $(($2 + $3)) ]] || fail "$1: $(wc -l <new) rows, not $2 + $3"
  check "$1 keeps its rows" diff old <(head -n "$2" new)
  [[ $(sort -u new | wc -l) == $(($2 + $3)) ]] || fail "$1: a string has two rows"
}

dataset before 40 60 2400
dataset after 50 70 3000 2400
check 'the new data goes on with the old' diff before/u.data <(head -n 2400 after/u.data)
run=(--layers=16 --embedding-dim 8 --batch-size 256 --validate-every 1 --query-feature user_id:lookup
  --query-feature 'timestamp:bucketize(10)' --query-feature timestamp:normalize)

train 2 first --data before "${run[@]}" --epochs 2
older=$(newest first)
train 1 grown-1 --data after "${run[@]}" --epochs 4 --resume "$older"
says 'was trained on other data' '2400 interactions' '3000 interactions' 'user_id_lookup: 10 rows added, 51 in all' \
  'title_lookup: 10 rows added, 71 in all' 'title_text: 10 rows added, 84 in all'
newer=$(newest grown-1)
expect_grown /query/vocabulary/user_id_lookup 41 10
expect_grown /candidate/vocabulary/title_lookup 61 10
expect_grown /candidate/vocabulary/title_text 74 10
check 'the new users are there' diff <(seq 41 50 | sed 's/.*/"&"/') \
  <(strings "$newer" /query/vocabulary/user_id_lookup | tail -n 10 | sort)
for dataset in weights accumulator; do
  [[ $(shape "$newer" "/query/tables/user_id_lookup/$dataset") == '51, 8' ]] || fail "$dataset of users did not grow"
  [[ $(shape "$newer" "/candidate/tables/title_text/$dataset") == '84, 8' ]] || fail "$dataset of tokens did not grow"
done
[[ $(shape "$newer" /query/tables/timestamp_bucketize/weights) == '11, 8' ]] || fail 'the buckets changed'
[[ $(shape "$newer" /catalogue/vector) == '70, 16' ]] || fail 'the new items are not in the catalogue'
h5dump -a /data/interactions "$newer" >attribute
check 'the file names the new data' grep -q '(0): 3000$' attribute
for file in "$older" "$newer"; do h5dump -a /data/split_test_end "$file" | grep '(0)'; done | uniq >borders
[[ $(wc -l <borders) == 1 ]] || fail 'growth moved the border of the test'

# On other ranks, with the tables elsewhere, and in two goes.
for ranks in 2 3; do
  train "$ranks" "grown-$ranks" --data after "${run[@]}" --epochs 4 --resume "$older"
  check "growth on $ranks ranks gives what 1 gives" same grown-1 "grown-$ranks"
done
for ranks in 2 3; do
  train "$ranks" "sharded-$ranks" --data after "${run[@]}" --epochs 4 --resume "$older" --placement sharded
  check "growth of tables sharded over $ranks ranks gives the same" same grown-1 "sharded-$ranks"
done
train 3 goes --data after "${run[@]}" --epochs 3 --resume "$older" --placement user_id=sharded
train 2 goes --data after "${run[@]}" --epochs 4 --resume auto --placement title_lookup=sharded
check 'a grown model goes on as if nothing had happened' same grown-1 goes
! grep -qF 'rows added' output errors || fail 'the same data is taken for other data'

# What is new is unknown.
train 1 frozen-1 --data after "${run[@]}" --epochs 4 --resume "$older" --freeze-vocabulary
says 'user_id_lookup: 0 rows added, 41 in all' 'title_lookup: 0 rows added, 61 in all' 'title_text: 0 rows added, 74 in all'
newer=$(newest frozen-1)
expect_grown /query/vocabulary/user_id_lookup 41 0
expect_grown /candidate/vocabulary/title_lookup 61 0
expect_grown /candidate/vocabulary/title_text 74 0
[[ $(shape "$newer" /query/tables/user_id_lookup/weights) == '41, 8' ]] || fail 'a frozen table grew'
[[ $(shape "$newer" /catalogue/vector) == '70, 16' ]] || fail 'with a frozen vocabulary items are missing'
train 3 frozen-3 --data after "${run[@]}" --epochs 4 --resume "$older" --freeze-vocabulary --placement sharded
check 'a frozen vocabulary on 3 ranks gives what 1 gives' same frozen-1 frozen-3
! same grown-1 frozen-1 >/dev/null || fail 'freezing changes nothing'
train 2 thawed --data after "${run[@]}" --epochs 5 --resume "$(newest frozen-1)"
says 'was trained with a frozen vocabulary' 'user_id_lookup: 10 rows added, 51 in all'

# Users that left: their rows stay.
train 2 fewer --data before "${run[@]}" --epochs 5 --resume "$(newest grown-1)"
newer=$(newest fewer)
older=$(newest grown-1)
expect_grown /query/vocabulary/user_id_lookup 51 0

# In the middle of an epoch: 8 steps make one of the old data, 10 of the new.
train 2 middle --data before "${run[@]}" --epochs 2 --checkpoint-every 4steps --keep 9
older=middle/run-001-step-00000012.h5
for ranks in 1 3; do
  train "$ranks" "anew-$ranks" --data after "${run[@]}" --epochs 2 --resume "$older"
  says 'epoch 2 was under way after 4 steps and begins anew'
  [[ $(newest "anew-$ranks") == *-step-00000022.h5 ]] || fail "not 10 steps after the 12th: $(newest "anew-$ranks")"
done
check 'an epoch begun anew is the same on 3 ranks' same anew-1 anew-3
train 3 whole --data before "${run[@]}" --epochs 2 --resume "$older"
check 'on the same data the epoch is gone on with' same middle whole

# The best epoch of before the growth is no longer the best one: it is of other data, and its checkpoint has fewer rows.
best=(--monitor loss --keep-best --checkpoint-every 0 --keep 9 --validation-fraction 0.1 --metrics-file best.jsonl)
# expect_best NAME: the run's best epoch is one of after the growth, and it is tested with that one's model.
expect_best() {
  summary=$(tail -n 1 best.jsonl)
  epoch=$(grep -o '"best":{[^}]*' <<<"$summary" | grep -o '"epoch":[0-9]*' | cut -d : -f 2)
  ((epoch > 2)) || fail "$1: the best epoch is '$epoch', of before the growth: $summary"
  check "$1: the test part is evaluated" grep -q '"event":"test"' best.jsonl
}
train 2 best --data before "${run[@]}" "${best[@]}" --epochs 2
# With so high a learning rate the loss of the later epochs is worse.
train 1 best --data after "${run[@]}" "${best[@]}" --epochs 3 --resume auto --learning-rate 9
expect_best 'grown'
train 2 best --data after "${run[@]}" "${best[@]}" --epochs 5 --resume auto --learning-rate 9
expect_best 'grown, and gone on with'
train 2 thaw --data before "${run[@]}" "${best[@]}" --epochs 2
train 2 thaw --data after "${run[@]}" "${best[@]}" --epochs 3 --resume auto --learning-rate 9 --freeze-vocabulary
train 3 thaw --data after "${run[@]}" "${best[@]}" --epochs 5 --resume auto --learning-rate 9
expect_best 'thawed'

on 2 --data before --freeze-vocabulary --checkpoint-dir none
((status == 2)) || fail "exit code $status, not 2, for --freeze-vocabulary without --resume"
says '--freeze-vocabulary' 'give it with --resume'
[[ ! -d none ]] || fail '--freeze-vocabulary without --resume made a directory'
finish
