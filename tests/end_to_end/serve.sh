#!/usr/bin/env bash
# launch/serving: the nightly job publishes a model that beats counting, and no other; Faiss answers as the trainer does.
#   serve.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq
need_python numpy faiss
draw_ratings
export GEMEL_TRAINER=$trainer

# nightly ARGUMENT...: sets $status.
nightly() {
  status=0
  timeout 200 "$source_directory/launch/serving/nightly.sh" serving --data "$data" --layers 32 "$@" >output 2>errors || status=$?
}

nightly --epochs 4 --optimizer adam --learning-rate 0.003 --logq-correction
((status == 0)) || fail "exit code $status"
first=$(readlink serving/current)
check 'what is published' test "$(cd serving/current && find . -type f | sort | tr '\n' ' ')" = \
  './checkpoint.h5 ./lists.csv ./metrics.json ./vectors/item_ids.txt ./vectors/item_labels.txt ./vectors/items.jsonl ./vectors/items.npy ./vectors/user_ids.txt ./vectors/users.jsonl ./vectors/users.npy '
check 'metrics' jq -e '.model.top_10 > 0 and .popularity.top_10 > 0' serving/current/metrics.json
check 'ten items for each user' test "$(wc -l <serving/current/lists.csv)" = 9431
check 'nothing unfinished' test -z "$(find serving -name 'unfinished*')"

# A model that has learned nothing stays where it is.
nightly --epochs 1 --learning-rate 1e-9 --test-fraction 0.01
((status == 9)) || fail "exit code $status, not 9, of a model that loses to popularity"
check 'what was published stays' test "$(readlink serving/current)" = "$first"
check 'nothing is left' test "$(ls serving)" = "$first"$'\ncurrent'

# The seven newest stay.
for day in 1 2 3 4 5 6 7 8; do mkdir "serving/2020-01-0$day-020000"; done
nightly --epochs 4 --optimizer adam --learning-rate 0.003 --logq-correction
check 'the newest is published' test "$(readlink serving/current)" '>' "$first"
check 'seven are kept' test "$(find serving -maxdepth 1 -name '20*' | wc -l)" = 7
check 'the oldest are gone' test ! -e serving/2020-01-03-020000

# Faiss has the trainer's lists, of all items.
"$python" "$source_directory/launch/serving/faiss_search.py" serving/current/vectors 42 7 -k 5 >by-faiss 2>errors || fail 'Faiss'
printf '42\n7\n' >users
trainer_on 2 recommend serving/current/checkpoint.h5 --users users --keep-seen -k 5 --out lists.csv
check 'the same items' diff <(cut -f 1-2,4 by-faiss | tr '\t' ,) <(tail -n +2 lists.csv | cut -d , -f 1-3)
"$python" "$source_directory/launch/serving/faiss_search.py" serving/current/vectors nobody >output 2>errors && fail 'an unknown user'
check 'who is unknown' grep -q 'the model does not know nobody' errors

# What the page makes for vector stores of the file.
jq -c '{index: {_id: .id}}, {vector, label: .payload.label}' serving/current/vectors/items.jsonl >bulk.ndjson
check 'two lines for each item' test "$(wc -l <bulk.ndjson)" = 3364
check 'ids and vectors in turns' jq -se '[.[range(0; 3364; 2)] | .index._id] | unique | length == 1682' bulk.ndjson
check 'vectors as wide as the model' jq -se '[.[range(1; 3364; 2)] | .vector | length] | unique == [32]' bulk.ndjson
finish
