#!/usr/bin/env bash
# What invariance.sh and resume.sh prove at length on drawn data holds on MovieLens-100k.
#   movielens.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need_movielens

run=(--data "$movielens" "--layers=64,32" --validate-every 3)
train 1 whole "${run[@]}" --epochs 5
train 4 parts "${run[@]}" --epochs 3
train 3 parts --resume auto --epochs 5 --placement sharded
check '3 epochs on 4 ranks and 2 on 3 give what 5 on 1 give' same whole parts
finish
