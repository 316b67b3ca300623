#!/usr/bin/env bash
# Alternating least squares: the same factors on any number of ranks and threads, wherever tables are, also when a run is resumed between
# the halves of a sweep; and as what embeddings begin from.
#   least_squares.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
ids=(--query-feature user_id:lookup --candidate-feature item_id:lookup --layers none --embedding-dim 24)
data=(--synthetic-interactions 20000 "--metrics=recall,ndcg" --top-k 20 --exclude-seen)
als=("${data[@]}" "${ids[@]}" --optimizer als --als-regularization 20)

train 1 alone "${als[@]}" --epochs 4
train 2 both "${als[@]}" --epochs 4 --threads 2
train 3 sharded "${als[@]}" --epochs 4 --placement sharded
train 8 eight "${als[@]}" --epochs 4
check 'two ranks solve the same' same alone both
check 'three with shards, too' same alone sharded
check 'and eight' same alone eight

train 3 parts "${als[@]}" --epochs 2 --checkpoint-every 1steps --keep 9
check 'a step is a half of a sweep' test -f parts/run-001-step-00000003.h5
on 2 --checkpoint-dir parts "${als[@]}" --epochs 4 --resume parts/run-001-step-00000003.h5 "${quiet[@]}"
check 'a run goes on from the middle of a sweep' same alone parts

recall() { sed -n 's/^ *recall-20 *\([0-9.]*\).*/\1/p' "$1"; }
trainer_on 2 evaluate alone
check 'a checkpoint of it is one like any' test "$(recall output)"
popular=$(awk '$1 == "recall-20" { print $3 }' output)
check 'it beats popularity' awk -v model="$(recall output)" -v popular="$popular" 'BEGIN { exit !(model > 1.5 * popular) }'

# A warm start, of a tower with other features and another width.
warm=("${data[@]}" --warm-start als --warm-start-sweeps 3 --als-regularization 20 --query-feature user_id:lookup:20
  --query-feature timestamp:normalize --candidate-feature item_id:lookup --candidate-feature title:lookup:8
  --optimizer adam --average-weights 0.9)
train 1 warm "${warm[@]}" --epochs 1
train 3 warmer "${warm[@]}" --epochs 1 --placement sharded
check 'a warm start is the same on three ranks' same warm warmer
on 1 --checkpoint-dir warm "${warm[@]}" --epochs 2 --resume auto "${quiet[@]}"
check 'and not repeated by a run that goes on' test "$status/$(grep -c 'sweeps of least squares' errors)" = 0/0

refuses 5 'try an --als-alpha below 1e+38 or an --als-regularization above 20' train "${als[@]}" --als-alpha 1e38
refuses 5 'give a smaller --als-alpha' train "${warm[@]}" --epochs 1 --als-alpha 1e38
refuses 2 'give --layers none' train "${data[@]}" --optimizer als
refuses 2 'the query features are user_id:lookup:12, rating:lookup:12' train "${data[@]}" --layers none --optimizer als \
  --query-feature user_id:lookup:12 --query-feature rating:lookup:12 --candidate-feature item_id:lookup:24
refuses 2 'add --candidate-feature item_id:lookup' train "${data[@]}" --warm-start als
refuses 2 'takes no gradients' train "${als[@]}" --learning-rate 0.1
refuses 2 'add --optimizer als or --warm-start als' train "${data[@]}" --als-alpha 3
finish
