#!/usr/bin/env bash
# Signals at several moments of a training, from its first on, are heeded: by a checkpoint, if anything was trained, and exit code 6.
#   signals.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# Epochs without end, so that a signal hits any phase.
endless=(train "${working[@]}" "${quiet[@]}" --synthetic-interactions 20000 --epochs 1000000 --checkpoint-every 0
  --checkpoint-dir checkpoints)

# catches PID: that process has become the trainer, and has a handler of SIGUSR1 (signal 10).
catches() {
  local caught
  [[ $(cat "/proc/$1/comm" 2>/dev/null) == "$(basename "$trainer")" ]] || return 1
  caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$1/status" 2>/dev/null)
  ((16#${caught:-0} >> 9 & 1))
}

# run_until_ready RANKS COMMAND...: starts it, and waits until all ranks handle signals. Sets $job, and $ranks to their process ids.
run_until_ready() {
  local rank start=()
  (($1 == 1)) || start=("${mpiexec[@]}" -n "$1")
  "${start[@]}" "$trainer" "${@:2}" >output 2>errors </dev/null &
  job=$!
  for ((tick = 0; tick < 1500; ++tick)); do
    ranks=$job
    (($1 == 1)) || ranks=$(pgrep -P "$job" -x "$(basename "$trainer")")
    ready=0
    for rank in $ranks; do if catches "$rank"; then ((++ready)); fi; done
    ((ready < $1)) || return 0
    sleep 0.01
  done
  fail "$1 ranks do not get ready"
}

# ends_with CODE WHAT: the job ends so, within a while.
ends_with() {
  finished 40
  ((status == $1)) || fail "$2: exit code $status, not $1"
}

# heeds RANKS SECONDS SIGNAL: so long after the handlers are there. To mpirun, or to the program itself where that is alone.
heeds() {
  local what="SIG$3 after $2 s on $1 ranks"
  rm -rf checkpoints
  run_until_ready "$1" "${endless[@]}"
  sleep "$2"
  kill "-$3" "$job"
  ends_with 6 "$what"
  [[ $(cat output errors | grep -c "stopped by SIG$3 ") == 1 ]] || fail "$what: it is not told once"
  if grep -q 'in epoch' output errors; then
    check "$what: there is a checkpoint" test -n "$(newest checkpoints)"
  else
    check "$what: there is no checkpoint" test -z "$(newest checkpoints)"
  fi
}

for seconds in 0 0.1 0.5; do heeds 1 "$seconds" USR1; done
heeds 1 0 TERM
heeds 1 0.2 INT
heeds 1 0.3 HUP
heeds 1 1 TERM
for seconds in 0 0.2 0.4; do heeds 2 "$seconds" USR1; done
heeds 3 0.6 USR1

# A signal to one rank alone is agreed on.
rm -rf checkpoints
run_until_ready 2 "${endless[@]}"
sleep 1
kill -TERM "${ranks##*$'\n'}"
ends_with 6 "SIGTERM to one rank"
check "SIGTERM to one rank: there is a checkpoint" test -n "$(newest checkpoints)"

# SIGUSR2: a checkpoint, and on it goes. A second SIGTERM ends at once.
rm -rf checkpoints
run_until_ready 2 "${endless[@]}"
sleep 0.5
kill -USR2 "$job"
check "SIGUSR2: a checkpoint" wait_for_checkpoint checkpoints
first=$(newest checkpoints)
check "SIGUSR2: the run goes on" kill -0 "$job"
sleep 0.3
kill -USR1 "$job"
ends_with 6 "SIGUSR1 after SIGUSR2"
check "SIGUSR1 after SIGUSR2: another checkpoint" test "$(newest checkpoints)" != "$first"

run_until_ready 1 "${endless[@]}"
kill -STOP "$job"
kill -TERM "$job"
kill -CONT "$job"
sleep 0.1
kill -INT "$job"
ends_with 130 "a second signal"

# Other commands end as any program does, and leave nothing half-written.
for signal in TERM INT HUP; do
  "$trainer" synthesize --out made --interactions 1000000000 >output 2>errors </dev/null &
  job=$!
  for ((tick = 0; tick < 1500; ++tick)); do
    [[ ! $(find made -name '*.unfinished' -size +100k 2>/dev/null) ]] || break
    sleep 0.01
  done
  check "synthesize writes" test -n "$(find made -type f)"
  kill -USR1 "$job"
  kill -USR2 "$job"
  kill "-$signal" "$job"
  ends_with $((128 + $(kill -l "$signal"))) "SIG$signal to synthesize"
  check "SIG$signal leaves no file" test -z "$(find made -type f)"
done
finish
