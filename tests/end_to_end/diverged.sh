#!/usr/bin/env bash
# Numbers that grow without bound end a training with code 5 and the step, also where the loss stays finite.
#   diverged.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
small=(--synthetic-interactions 4000 --batch-size 400 --validate-every 0 --checkpoint-every 0)

# diverges RANKS WHAT STEP ARGUMENT...
diverges() {
  rm -rf checkpoints
  on "$1" "${small[@]}" "${quiet[@]}" --epochs 1000 --checkpoint-dir checkpoints "${@:4}"
  ((status == 5)) || fail "exit code $status, not 5: ${*:4}"
  [[ $(grep -c '^trainer: error' errors) == 1 ]] || fail "the error is not told once: ${*:4}"
  check "what and when is told: ${*:4}" grep -qE "^trainer: error: $2 has values that are no longer finite numbers, in epoch 1, at step $3;" errors
  check "there is no checkpoint: ${*:4}" test -z "$(newest checkpoints)"
}

# Squares of gradients overflow, the accumulators are infinite, and the weights would stand still for ever.
diverges 1 '/.*accumulator' '[0-9]' --learning-rate 1e5
diverges 2 '/.*accumulator' 1 --temperature 1e-30
diverges 3 '/.*accumulator' 1 --temperature 1e-30 --optimizer rowwise-adagrad --placement sharded
diverges 2 '/.*(moment|weights|kernel|bias).*' 1 --temperature 1e-30 --optimizer adam

# To compare copies changes no bit.
for every in 0 3; do
  train 2 "compared-$every" "${small[@]}" --epochs 2 --optimizer adamw --weight-decay 0.01 --placement user_id=sharded --detect-corruption "$every"
done
check "comparing copies changes nothing" same compared-0 compared-3
finish
