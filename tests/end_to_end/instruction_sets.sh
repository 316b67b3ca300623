#!/usr/bin/env bash
# With less of the processor's instruction set training gives the same but for rounding, and all ranks the same bits. Ranks of
# different sets are refused.
#   instruction_sets.sh TRAINER SOURCE_DIRECTORY TRAINER_X86_64 TRAINER_V3 TRAINER_V4
# The last three have the functions of GEMEL_VECTORIZE for one level of x86-64 each.
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need h5dump
need jq
at_level=$source_directory/tests/instruction_sets/at_level.sh

# A low learning rate: a high one makes a training of which every rounding changes the third digit after some steps.
run=(--synthetic-users 300 --synthetic-items 400 --synthetic-interactions 8000 --batch-size 500 "--layers=64,32"
  --learning-rate 0.01 --epochs 2 --validate-every 2)

# losses NAME: of every epoch, a line each.
losses() { jq -r 'select(.event == "epoch").loss' "$1-metrics"; }

# close NAME: its losses are finite and within 1e-6 of those of `default`.
close() {
  paste <(losses default) <(losses "$1") >both
  cat both
  awk '{ if (NF != 2 || !($2 > 0) || !(($1 - $2) ^ 2 <= (1e-6 * $1) ^ 2)) wrong = 1 } END { exit wrong || NR != 2 }' both
}

# train_with NAME: on one rank, and on two, which must give the same bits; and losses close to those of `default`.
train_with() {
  train 1 "$1" "${run[@]}" --metrics-file "$1-metrics"
  cp output "$1-output"
  train 2 "$1-2" "${run[@]}"
  check "$1: 2 ranks give what 1 gives" same "$1" "$1-2"
  check "$1: losses are those of the default" close "$1"
}

# uses ISA PATTERN: so limited, oneDNN says that it uses what matches the pattern.
uses() {
  ONEDNN_MAX_CPU_ISA=$1 ONEDNN_VERBOSE=1 train 1 verbose "${run[@]}"
  grep -iE 'verbose.*isa:' output | grep -qE "$2"
}

# apart RANK_0... : RANK_N...: ranks that are started so differ, which is refused.
apart() {
  status=0
  timeout 60 "${mpiexec[@]}" "$@" >output 2>errors </dev/null || status=$?
  ((status == 2)) || fail "exit code $status, not 2, where ranks differ: $*"
  [[ $(grep -c 'error: the ranks have different instruction sets' errors) == 1 ]] || fail "it is not said once that ranks differ: $*"
  check 'both kinds of ranks are named' grep -qzE '  rank [01] on [^ ]+: oneDNN .*  rank [01] on [^ ]+: oneDNN ' errors
  check 'what helps is said' grep -q 'ONEDNN_MAX_CPU_ISA=' errors
}
ranks=(train "${working[@]}" "${run[@]}" "${quiet[@]}" --checkpoint-dir apart)
apart -n 1 -x ONEDNN_MAX_CPU_ISA=SSE41 "$trainer" "${ranks[@]}" : -n 1 "$trainer" "${ranks[@]}"

train_with default
ONEDNN_MAX_CPU_ISA=AVX2 train_with onednn-avx2
ONEDNN_MAX_CPU_ISA=SSE41 train_with onednn-sse41

# Our own functions, and both together.
levels=(x86-64 x86-64-v3 x86-64-v4)
trainers=("${@:3:3}")
tried=(default onednn-avx2 onednn-sse41)
for i in 0 1 2; do
  "$at_level" "${levels[i]}" true || continue
  trainer=${trainers[i]}
  train_with "${levels[i]}"
  tried+=("${levels[i]}")
done
apart -n 1 "${trainers[0]}" "${ranks[@]}" : -n 1 "${trainers[1]}" "${ranks[@]}"
trainer=${trainers[0]}
ONEDNN_MAX_CPU_ISA=SSE41 train_with oldest
tried+=(oldest)

# The limits have an effect. A processor without fused multiply-adds rounds otherwise.
if "$at_level" x86-64-v3 true; then
  ! same x86-64 x86-64-v3 >/dev/null || fail "functions for x86-64 and for x86-64-v3 give the same bits: are they others?"
fi
check "oneDNN uses SSE4.1 at most" uses SSE41 'SSE4\.1'
"$at_level" x86-64-v3 true && check "oneDNN uses AVX2 at most" uses AVX2 'AVX2'
for name in "${tried[@]:1}"; do
  if same default "$name" >/dev/null; then echo "$name: the bits of the default"; else echo "$name: other bits than the default"; fi
done
finish
