#!/usr/bin/env bash
# Made-up data as files: the same on any number of ranks, the same to learn as the built-in data, and never half a file.
#   synthesize.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

sizes=(--users 150 --items 200 --interactions 70000)  # more lines than two ranks write at once
built_in=(--synthetic-users 150 --synthetic-items 200 --synthetic-interactions 70000)
writes() { ((status == 0)) || fail "exit code $status of synthesize: $*"; }

for format in csv movielens-100k hdf5; do
  for ranks in 1 3; do
    trainer_on "$ranks" synthesize --out "$format-$ranks" --format "$format" "${sizes[@]}"
    writes "$format on $ranks ranks"
    check "$format is the same on $ranks ranks" diff -r "$format-1" "$format-$ranks"
  done
done
check 'both formats have the same interactions' \
  cmp <(tail -n +2 csv-1/ratings.csv | tr , '\t') movielens-100k-1/u.data
check 'another seed makes other data' test -n "$(
  trainer_on 1 synthesize --out other --seed 7 "${sizes[@]}"
  diff -q other/ratings.csv csv-1/ratings.csv
)"

# What is learned, bit for bit.
run=(--epochs 1 --candidate-feature title:lookup --candidate-feature 'genres:list(|)')
train 2 from-memory "${built_in[@]}" "${run[@]}"
train 2 from-files --data movielens-100k-1 "${run[@]}"
train 2 from-hdf5 --data hdf5-1 "${run[@]}"
for files in from-files from-hdf5; do
  for tower in query candidate; do
    check "the $tower tower is the same $files" h5diff "$(newest from-memory)" "$(newest $files)" "/$tower" "/$tower"
  done
done
train 2 from-csv --train-file csv-1/ratings.csv --epochs 1
check 'the CSV file is read' grep -qE '^user_id,item_id,rating,timestamp$' csv-1/ratings.csv

# Nothing is lost, and nothing is half there.
trainer_on 2 synthesize --out csv-1 "${sizes[@]}" --seed 7
((status == 7)) || fail "exit code $status, not 7, where files are in the way"
check 'the files that were there are whole' diff -r csv-1 csv-3
trainer_on 2 synthesize --out csv-1 "${sizes[@]}" --seed 7 --force
writes '--force'
check '--force replaces them' cmp csv-1/ratings.csv other/ratings.csv
refuses 2 '--out DIR is missing' synthesize
refuses 2 '--items 0: ' synthesize --out none --items 0
check 'nothing is made for options that cannot be' test ! -e none
: >file
refuses 7 'cannot make this directory' synthesize --out file/below
finish
