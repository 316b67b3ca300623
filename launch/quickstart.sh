#!/usr/bin/env bash
# From a fresh checkout to a trained model in use: installs, builds, finds MovieLens 100K, trains, recommends, says what comes next.
#   launch/quickstart.sh [TRAINER ARGUMENT...]                      for example --epochs 12, or --data FOLDER for data of your own
#   launch/quickstart.sh --config launch/recipes/tutorial.ini       the TensorFlow Recommenders tutorial's own run, 300 epochs
# Without --config it trains by launch/recipes/movielens-100k.ini, or by synthetic.ini where MovieLens 100K is not to be had.
# Environment: GEMEL_DATA, a folder that holds ml-100k/, or ml-100k itself; GEMEL_BUILD, where to build (build/); GEMEL_TRAINER, a
# program to use instead of building one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

# near PATH: the path as one would type it here.
near() { realpath --no-symlinks --relative-base="$PWD" -- "$1"; }

# typed WORD...: the words as one would type them.
typed() {
  local word text=
  for word; do
    if [[ ! $word =~ ^[-A-Za-z0-9_./=,:+@%]+$ ]]; then word="'${word//\'/\'\\\'\'}'"; fi
    text+=" $word"
  done
  echo "${text:1}"
}

# names_data ARGUMENT...: they, or the configuration among them, name data that need not be looked for.
names_data() {
  local option config
  for option in --data --train-file --synthetic-users --synthetic-items --synthetic-interactions --resume; do
    if has_option "$option" "$@"; then return 0; fi
  done
  config=$(option_value --config "" "$@")
  [[ -r $config ]] && grep -qE '^ *(data|train-file|synthetic-[a-z]+) *=' "$config" && ! grep -qE '^ *data *= *data/ml-100k *$' "$config"
}

if [[ ! ${GEMEL_TRAINER-} ]]; then
  "$project_dir/launch/install-deps.sh"
  build release trainer
  GEMEL_TRAINER=$(build_dir release)/trainer
fi
export GEMEL_TRAINER

arguments=(train "$@")
kind=own
recipe=
if names_data "$@"; then
  say "training on the data that you named"
  if has_option --data "$@"; then recipe=movielens-100k; fi
else
  data=$(find_data)
  if [[ ! $data ]] && "$project_dir/data/fetch_movielens.sh"; then data=$(find_data); fi
  if [[ $data ]]; then
    kind=movielens-100k
    say "training on MovieLens 100K in $data"
    arguments+=(--data "$data")
  else
    kind=synthetic
    say "MovieLens 100K is not to be had (data/README.md): training on the built-in SYNTHETIC data instead"
    if has_option --config "$@"; then arguments+=(--data "built-in synthetic data"); fi
  fi
  recipe=$kind
fi
if [[ $recipe ]]; then add_default --config "$(near "$project_dir/launch/recipes/$recipe.ini")"; fi
add_default --checkpoint-dir "$(near "$project_dir/checkpoints/quickstart")"
checkpoints=$(option_value --checkpoint-dir "" "${arguments[@]}")
mkdir -p "$checkpoints" 2>/dev/null || true
[[ -w $checkpoints ]] || fail "$(id -un) may not write to $checkpoints; name another folder: $0 --checkpoint-dir FOLDER"

local_sh=$(near "$project_dir/launch/local.sh")
trainer=$(near "$GEMEL_TRAINER")
say "$(typed "$local_sh" "${arguments[@]}")"
status=0
run_stoppable "$project_dir/launch/local.sh" "${arguments[@]}" || status=$?
if ((status == 6)); then
  say "stopped early; to go on: $(typed "$local_sh" "${arguments[@]}" --resume auto)"
elif ((status != 0)); then
  printf 'gemel: error: the trainer ended with exit code %d\n' "$status" >&2
fi
((status == 0)) || exit "$status"

# A user at a time when that one was there, and an item that many know.
case $kind in
  movielens-100k) user=(--user 196 --at 881252000) item='Star Wars (1977)' ;;
  synthetic) user=(--user 7 --at 890010010) item='Lost Sheriff, Saddle (1946)' ;;
  own) user=(--user ID) item=ID ;;
esac

# show ARGUMENT...: a command of the trainer and what it answers, without its messages.
show() {
  echo
  say "$(typed "$trainer" "$@")"
  "$GEMEL_TRAINER" "$@" --log-level warning
}
if [[ $kind != own ]]; then
  show recommend "$checkpoints" "${user[@]}" -k 8
  show similar "$checkpoints" --item "$item" -k 8
fi

# next REMARK WORD...: one more command to type.
next() { printf '  %-86s  # %s\n' "$(typed "${@:2}")" "$1"; }
echo
say "the model is in $checkpoints. What to type next:"
next "for another user" "$trainer" recommend "$checkpoints" "${user[@]}"
next "for another item" "$trainer" similar "$checkpoints" --item "$item"
next "what the model is" "$trainer" inspect "$checkpoints"
next "for whom it works" "$trainer" evaluate "$checkpoints" --by activity
next "for a vector store" "$trainer" export "$checkpoints" --to vectors --items-only
next "train longer" "$local_sh" train --resume auto --checkpoint-dir "$checkpoints" --epochs 60
if [[ $kind == movielens-100k ]]; then
  next "the tutorial's own run" "$(near "$project_dir/launch/quickstart.sh")" --config "$(near "$project_dir/launch/recipes/tutorial.ini")"
fi
