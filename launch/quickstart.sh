#!/usr/bin/env bash
# From a fresh checkout to a trained model: installs, builds, finds MovieLens 100K, trains, says where things are.
#   launch/quickstart.sh [TRAINER ARGUMENT...]        for example --epochs 5
# Environment: GEMEL_DATA, a folder that holds ml-100k/, or ml-100k itself; GEMEL_BUILD, where to build (build/).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

"$project_dir/launch/install-deps.sh"
build release trainer

arguments=(train "$@")
if has_option --data "$@"; then
  say "training on the data that you named"
else
  data=$(find_data)
  if [[ ! $data ]] && "$project_dir/data/fetch_movielens.sh"; then data=$(find_data); fi
  if [[ $data ]]; then
    say "training on MovieLens 100K in $data"
    add_default --data "$data"
  else
    say "MovieLens 100K is not to be had (data/README.md): training on the built-in SYNTHETIC data instead"
  fi
fi
add_default --layers 64,32
add_default --checkpoint-dir "$project_dir/checkpoints/quickstart"
checkpoints=$(option_value --checkpoint-dir "" "${arguments[@]}")
mkdir -p "$checkpoints" 2>/dev/null || true
[[ -w $checkpoints ]] || fail "$(id -un) may not write to $checkpoints; name another folder: $0 --checkpoint-dir FOLDER"

say "launch/local.sh ${arguments[*]}"
status=0
run_stoppable "$project_dir/launch/local.sh" "${arguments[@]}" || status=$?

newest=$(find "$checkpoints" -maxdepth 1 -name '*.h5' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2-)
if ((status == 6)); then
  say "stopped early; to go on: launch/local.sh ${arguments[*]} --resume auto"
elif ((status != 0)); then
  printf 'gemel: error: the trainer ended with exit code %d\n' "$status" >&2
elif [[ $newest ]]; then
  say "the model is in $newest, an HDF5 file. To look into it:"
  printf '  h5dump -n "%s"      # what it holds\n' "$newest"
  printf '  h5dump -d /history/top_100 "%s"\n' "$newest"
fi
exit "$status"
