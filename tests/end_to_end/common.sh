# shellcheck shell=bash
# What the end-to-end tests share. A test sources it as `. common.sh TRAINER SOURCE_DIRECTORY`, works below the
# directory $scratch, which is removed at the end, and ends with `finish`.
set -uo pipefail
trainer=$1
source_directory=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
status=0
# What runs have in common: no redrawn lines in the logs.
quiet=(--progress none)
mpiexec=("${MPIEXEC:-mpirun}" --oversubscribe --bind-to none)
# All ranks take part, however few cores there are.
working=(--spare-ranks work)

# fail TEXT: notes the failure and shows what the last run printed; the test goes on.
fail() {
  printf 'FAILED: %s\n' "$1"
  for stream in output errors started-errors; do
    [[ ! -s $stream ]] || sed "s/^/  $stream | /" "$stream" | head -n 40
  done
  failures=$((failures + 1))
}

# check TEXT COMMAND...: the command succeeds.
check() {
  "${@:2}" || fail "$1"
}

finish() {
  echo "$failures failures"
  ((failures == 0))
  exit
}

# skip TEXT: leaves the test undone, which CTest reports, or fails where GEMEL_REQUIRE_DATA=1.
skip() {
  echo "SKIPPED: $1"
  [[ ${GEMEL_REQUIRE_DATA:-0} != 1 ]] || exit 1
  exit 77
}

# Sets $movielens to the directory of MovieLens-100k.
need_movielens() {
  movielens=${GEMEL_DATA:-$source_directory/../shared/data}/ml-100k
  [[ -f $movielens/u.data ]] || skip "no MovieLens-100k in $movielens; set GEMEL_DATA (data/README.md says how to get it)"
}

# Draws a data set in the format of MovieLens-100k, and of its size. Sets $data to its directory.
draw_ratings() {
  data=$scratch/ratings
  mkdir "$data"
  awk -v directory="$data" -f "$source_directory/tests/end_to_end/drawn_ratings.awk"
}

need() {
  command -v "$1" >/dev/null || skip "no program $1"
}

# need_python MODULE...: Python with these modules. Sets $python.
need_python() {
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import $(IFS=, && echo "$*")" 2>/dev/null; then return; fi
  done
  skip "no Python with $* (launch/install-deps.sh)"
}

# on RANKS ARGUMENT...: runs the trainer on so many ranks. Sets $status; prints into the files output and errors.
on() {
  status=0
  timeout "${limit:-200}" "${mpiexec[@]}" -n "$1" "$trainer" train "${working[@]}" "${@:2}" \
    >output 2>errors </dev/null || status=$?
}

# trainer_on RANKS COMMAND ARGUMENT...: the same with any command. On one rank it is without mpirun, which is quicker.
trainer_on() {
  local start=("${mpiexec[@]}" -n "$1")
  (($1 > 1)) || start=()
  status=0
  timeout --kill-after 5 "${limit:-200}" "${start[@]}" "$trainer" "$2" "${working[@]}" "${@:3}" \
    >output 2>errors </dev/null || status=$?
}

# refuses CODE TEXT COMMAND ARGUMENT...: on two ranks the command ends with that exit code, and says that once.
refuses() {
  refuses_on 2 "$@"
}

# refuses_on RANKS CODE TEXT COMMAND ARGUMENT...
refuses_on() {
  trainer_on "$1" "${@:4}"
  ((status == $2)) || fail "exit code $status, not $2, of: ${*:4}"
  [[ $(grep -cF -- "$3" errors) == 1 ]] || fail "not told once, \"$3\": ${*:4}"
}

# train RANKS DIRECTORY ARGUMENT...: a run that succeeds and leaves its checkpoints in the directory.
train() {
  on "$1" --checkpoint-dir "$2" "${quiet[@]}" "${@:3}"
  ((status == 0)) || fail "exit code $status of: $*"
}

# start RANKS DIRECTORY ARGUMENT...: the same in the background. Sets $job to the process id of mpirun. What it prints goes to files of its
# own, as it may live on while others print.
start() {
  "${mpiexec[@]}" -n "$1" "$trainer" train "${working[@]}" --checkpoint-dir "$2" "${quiet[@]}" \
    "${@:3}" >>started-output 2>>started-errors </dev/null &
  job=$!
}

# finished SECONDS: waits for the job in the background, and kills it after so long. Sets $status.
finished() {
  for ((tick = 0; tick < 20 * $1; ++tick)); do
    kill -0 "$job" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL "$job" 2>/dev/null
  status=0
  wait "$job" || status=$?
}

# newest DIRECTORY: the path of the newest checkpoint; nothing if there is none.
newest() {
  find "$1" -name 'run-*.h5' 2>/dev/null | sort | tail -n 1
}

# wait_for_checkpoint DIRECTORY: until there is one, but not for ever.
wait_for_checkpoint() {
  for ((i = 0; i < 1200; ++i)); do
    [[ -z $(newest "$1") ]] || return 0
    kill -0 "$job" 2>/dev/null || return 1
    sleep 0.05
  done
  return 1
}

# same DIRECTORY DIRECTORY: their newest checkpoints have the same contents, bit for bit, but for who wrote them and when.
same() {
  local one other code=0
  one=$(newest "$1")
  other=$(newest "$2")
  h5diff --exclude-path /run "$one" "$other" >difference 2>&1 || code=$?
  # h5diff does not mention what only one of the files has.
  diff <(h5dump -n 1 "$one" | tail -n +2) <(h5dump -n 1 "$other" | tail -n +2) >>difference
  ((code == 0)) && [[ ! -s difference ]] && return
  echo "h5diff: exit code $code"
  head -n 20 difference
  return 1
}
