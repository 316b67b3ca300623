#!/usr/bin/env bash
# A rank that fails alone, in mid-step or in an evaluation, ends the job within seconds, and says once why.
#   lone_failure.sh TRAINER SOURCE_DIRECTORY LONE_FAILURE
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
program=$3

# fails REASON RANKS RANK ARGUMENT...: the job in which that rank has that failure ends with code 1.
fails() {
  local what="rank $3 of $2, ${*:4}" code=0
  SECONDS=0
  timeout 30 "${mpiexec[@]}" -n "$2" "$program" "${@:3}" >output 2>errors </dev/null || code=$?
  ((code == 1)) || fail "$what: exit code $code, not 1"
  ((SECONDS < 10)) || fail "$what: it takes $SECONDS s"
  [[ $(grep -c '^trainer: error' errors) == 1 ]] || fail "$what: the error is not told once"
  check "$what: rank and reason are told" grep -q "^trainer: error on rank $3: $1" errors
}

# Of some hundred products; the later ones are of the evaluation.
for number in 1 20 400; do
  fails 'onednn: a matrix product failed' 2 1 product "$number" 1 checkpoints
done
fails 'onednn: a matrix product failed' 2 0 product 30 2 checkpoints
fails 'onednn: a matrix product failed' 3 1 product 30 1 checkpoints
for number in 5 200 1000; do
  fails 'out of memory' 2 1 allocation "$number" 1 checkpoints
done
fails 'out of memory' 3 2 allocation 20 1 checkpoints
# The exception unwinds a step and what it has under way: products of its first and its last passes, of a second step, of two threads.
for number in 1 20 30 70 100; do
  fails 'onednn: a matrix product failed' 2 1 product "$number" 1 steps
done
fails 'onednn: a matrix product failed' 2 0 product 30 2 steps
fails 'onednn: a matrix product failed' 3 1 product 50 1 steps
fails 'out of memory' 2 1 allocation 5 1 steps
fails 'out of memory' 3 0 allocation 100 1 steps
fails 'a message is waited for in vain' 2 0 message outside
fails 'a message is waited for in vain' 3 1 message inside

# The program is what is made to fail, not broken.
"${mpiexec[@]}" -n 2 "$program" 0 product 0 1 checkpoints >output 2>errors || fail "exit code $? without a failure"
finish
