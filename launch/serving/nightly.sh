#!/usr/bin/env bash
# Trains a model anew, measures it, and publishes it if it beats popularity in most metrics: for a scheduler, once a night.
#   launch/serving/nightly.sh DIRECTORY TRAINING_ARGUMENT...     for example serving --data data/ml-100k --epochs 40
# DIRECTORY/current is the newest published model: checkpoint.h5, metrics.json, lists.csv (10 items for each user) and vectors/. It
# changes in one step, when all of it is there. The seven newest stay.
# Exit codes: those of the trainer; 9: the model does not, and what was published stays.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
help_if_asked "$@"
[[ $# -ge 2 && $1 != -* ]] || fail "say where models are published, and how to train: $0 DIRECTORY --data DATA ..."

directory=$1
shift
name=$(date +%Y-%m-%d-%H%M%S)
work=$directory/unfinished-$name
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
# Not ours alone: nobody but a run that was killed leaves one for a day.
find "$directory" -maxdepth 1 -name 'unfinished-*' -mmin +1440 -exec rm -rf {} +

trainer() { "$project_dir/launch/local.sh" "$@"; }

trainer train "$@" --checkpoint-dir "$work/checkpoints" --keep 1 --store-history
checkpoint=$(find "$work/checkpoints" -name '*.h5')
mv "$checkpoint" "$work/checkpoint.h5"
rm -r "$work/checkpoints"
trainer evaluate "$work/checkpoint.h5" --json >"$work/metrics.json"
# shellcheck disable=SC2016  # $model is jq's
better='.model as $model | .popularity | to_entries | map(select(.value < $model[.key])) | length'
if ! jq -e "($better) * 2 > (.popularity | length)" "$work/metrics.json" >/dev/null; then
  say "not published: the model is not better than popularity in most of what was measured"
  jq '{model, popularity}' "$work/metrics.json"
  exit 9
fi
trainer recommend "$work/checkpoint.h5" --all-users --out "$work/lists.csv"
trainer export "$work/checkpoint.h5" --to "$work/vectors" --format npy,jsonl

mv "$work" "$directory/$name"
ln -sfn "$name" "$directory/.current" # a link gets its name in one step only by a rename
mv -T "$directory/.current" "$directory/current"
find "$directory" -maxdepth 1 -name '20*' | sort | head -n -7 | xargs -r rm -r
say "published: $directory/current is $name"
