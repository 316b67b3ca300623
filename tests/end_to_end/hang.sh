#!/usr/bin/env bash
# A rank that does not come ends the job within the time of --hang-timeout, and is named.
#   hang.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
endless=(--epochs 1000000 --checkpoint-every 0)

# ranks_of PID RANKS: waits until so many ranks train; their process ids in $ranks, in no order.
ranks_of() {
  for ((tick = 0; tick < 600; ++tick)); do
    ranks=$(pgrep -P "$1" -x "$(basename "$trainer")")
    if (($(wc -w <<<"$ranks") == $2)) && [[ -s metrics && $(wc -l <metrics) -gt 2 ]]; then return; fi
    sleep 0.05
  done
  fail "$2 ranks do not train"
}

# rank_of PID: its rank.
rank_of() {
  tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p'
}

# hangs RANKS: one of the ranks is stopped while it trains. The others wait, and end the job.
hangs() {
  rm -f metrics
  rm -f started-errors
  start "$1" checkpoints "${endless[@]}" --metrics-file metrics --hang-timeout 2
  ranks_of "$job" "$1"
  local stopped
  stopped=$(head -n 1 <<<"$ranks")
  local rank
  rank=$(rank_of "$stopped")
  SECONDS=0
  kill -STOP "$stopped"
  finished 40
  ((status == 9)) || fail "$1 ranks, rank $rank stopped: exit code $status, not 9"
  ((SECONDS < 15)) || fail "$1 ranks, rank $rank stopped: it takes $SECONDS s"
  [[ $(grep -c '^trainer: error' started-errors) == 1 ]] || fail "$1 ranks: the error is not told once"
  check "$1 ranks: what is waited for is told" \
    grep -qE "^trainer: error on rank [0-9]+: waited for 2 s \(.*step [0-9]+.*, MPI_[A-Za-z]+\) for what has not come: rank $rank on .*\(does not answer" started-errors
  for ((tick = 0; tick < 100; ++tick)); do
    ps -o pid= -p "$(paste -sd, <<<"$ranks")" >/dev/null || return
    sleep 0.05
  done
  fail "$1 ranks: some stay"
}

hangs 2
hangs 3
# Nobody waits for ranks that rest, however long.
status=0
timeout 100 "${mpiexec[@]}" -n 10 "$trainer" train --checkpoint-dir rested "${quiet[@]}" --hang-timeout 1 --epochs 200 --validate-every 0 --lanes 1 \
  --synthetic-interactions 4000 >output 2>errors </dev/null || status=$?
((status == 0)) || fail "with ranks that rest: exit code $status"
finish
