#!/usr/bin/env bash
# Ranks that there is no CPU for rest, and nothing else changes.
#   spare_ranks.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need taskset

run=(--epochs 2 --validate-every 1)
all_work="${working[*]}"
train 1 one "${run[@]}"

# More ranks than lanes.
working=()
on 3 --checkpoint-dir lane --epochs 1 "${quiet[@]}" --lanes 1
((status == 0)) || fail "exit code $status where there is one lane for three ranks"
check 'it is told that one works' grep -q '1 of 3 ranks work and the others rest' errors

# Three ranks that share a CPU.
mpiexec=(taskset --cpu-list "$(taskset --cpu-list --pid $$ | sed 's/.*: \([0-9]*\).*/\1/')" "${mpiexec[@]}")
on 3 --checkpoint-dir rest "${run[@]}" --progress lines --metrics-file metrics.jsonl
((status == 0)) || fail "exit code $status where ranks rest"
check 'it is told how many work' grep -q '1 of 3 ranks work and the others rest' errors
check 'it is told how to have all work' grep -q -- "$all_work" errors
[[ $(grep -c 'ranks work and the others rest' errors) == 1 ]] || fail 'it is told more than once'
check 'the run knows of those that work' grep -q '^1 rank x 1 thread' output
check 'the result is that of one rank' same one rest

train 3 work "${run[@]}" --spare-ranks work
check 'ranks that share a CPU compute what one computes' same one work
! grep -q 'ranks' errors || fail 'ranks rest though they are told to work'

# Those that rest need no lane.
on 16 --checkpoint-dir sixteen "${run[@]}" "${quiet[@]}"
((status == 0)) || fail "exit code $status where 15 of 16 ranks rest and there are 8 lanes"
check 'the result of 16 ranks is that of one' same one sixteen
on 16 --checkpoint-dir sixteen "${run[@]}" "${quiet[@]}" --spare-ranks work
((status == 2)) || fail "exit code $status, not 2, where 16 ranks work on 8 lanes"
[[ $(grep -c 'error: --lanes 8: 16 ranks' errors) == 1 ]] || fail 'too few lanes are not told once'

# Errors and signals reach those that rest.
on 3 --checkpoint-dir rest --data nowhere
((status == 3)) || fail "exit code $status, not 3, for missing data"
[[ $(grep -c 'error: --data nowhere' errors) == 1 ]] || fail 'an error is not told once'

# shellcheck disable=SC2016  # the variables are those of the shell that each rank starts
"${mpiexec[@]}" -n 3 bash -c '"$@"; echo "$?" >"code-$OMPI_COMM_WORLD_RANK"' rank "$trainer" train --data nowhere \
  >output 2>errors </dev/null
[[ $(cat code-?) == $'3\n3\n3' ]] || fail "ranks end with the codes $(cat code-? | tr '\n' ' ')"

start 3 stopped --epochs 100000 --checkpoint-every 20steps
wait_for_checkpoint stopped || fail 'no checkpoint appeared'
kill -USR1 "$job"
for ((i = 0; i < 400; ++i)); do
  kill -0 "$job" 2>/dev/null || break
  sleep 0.05
done
kill -KILL "$job" 2>/dev/null && fail 'a signal does not end the run'
status=0
wait "$job" || status=$?
((status == 6)) || fail "exit code $status, not 6, after a signal"
finish
