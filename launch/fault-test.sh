#!/usr/bin/env bash
# shellcheck disable=SC2317  # parts are called by their names
# Tries what befalls files and processes: kills, calls of the system that fail, damaged and hand-made files, signals, limits.
#   launch/fault-test.sh [--quick] [--csv FILE] [PART...]
# Prints a line for each part: how often it was tried, and how often it ended in a hang, in a crash, in a damaged file that was taken for a
# sound one, or in the loss of a checkpoint. Ends with 1 where a number of these is not 0.
#   --quick     a few cases of each part, in some 20 seconds
#   --csv FILE  writes the table there, too
# Parts: kills, calls, flips, mutants, signals, stops, limits, ranks. All of them take about two hours.
# Environment: GEMEL_BUILD_DIR, where trainer and faulty_trainer are (build/ci); GEMEL_HARDENED, a trainer with AddressSanitizer, for the
# mutants (else the same trainer); GEMEL_CALL_STEP, of the calls of the system only every so many-th is tried (1).
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

quick='' csv='' parts=()
while (($# > 0)); do
  case $1 in
    --quick) quick=1 ;;
    --csv)
      csv=${2:?--csv takes a file}
      shift
      ;;
    kills | calls | flips | mutants | signals | stops | limits | ranks) parts+=("$1") ;;
    *) fail "there is no part or option $1; see $0 --help" ;;
  esac
  shift
done
if ((${#parts[@]} == 0)); then parts=(kills calls flips mutants signals stops limits ranks); fi

build=$(realpath -- "${GEMEL_BUILD_DIR:-$(build_dir ci)}")
trainer=$build/trainer
faulty=$build/faulty_trainer
[[ -x $trainer && -x $faulty ]] || fail "there is no $trainer or no $faulty: build them first (cmake --build build/ci)"
hardened=${GEMEL_HARDENED:-$trainer}
python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import h5py, numpy, xxhash' 2>/dev/null; then python=$candidate; fi
done
[[ $python ]] || fail "no Python with h5py, numpy and xxhash (launch/install-deps.sh)"
make_mutants() { "$python" "$project_dir/tests/faults/mutants.py" "$@"; }

scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
mpirun=("${MPIEXEC:-mpirun}" --oversubscribe --bind-to none)
data=(--synthetic-users 200 --synthetic-items 100 --synthetic-interactions 4000 --batch-size 400 --layers 16
  --validate-every 0 --progress none --spare-ranks work --log-level error)
RANDOM=1

# pick FULL QUICK
pick() {
  if [[ $quick ]]; then echo "$2"; else echo "$1"; fi
}

table=("part,tried,hangs,crashes,silent,lost,note")
worst=0
tried=0 hangs=0 crashes=0 silent=0 lost=0
begin() { tried=0 hangs=0 crashes=0 silent=0 lost=0; }
# row PART NOTE
row() {
  table+=("$1,$tried,$hangs,$crashes,$silent,$lost,$2")
  printf '%-8s %6d tried: %d hangs, %d crashes, %d silent, %d lost (%s)\n' "$1" "$tried" "$hangs" "$crashes" "$silent" "$lost" "$2"
  if ((hangs + crashes + silent + lost > 0)); then worst=1; fi
}
complain() {
  printf '  %s\n' "$*"
  if [[ -s errors ]]; then tail -n 3 errors | sed 's/^/    /'; fi
}

# judge CODE WHAT: counts hangs and crashes. Codes of our own are 0 to 9.
judge() {
  tried=$((tried + 1))
  case $1 in
    [0-9]) return ;;
    124 | 137) hangs=$((hangs + 1)) ;;
    *) crashes=$((crashes + 1)) ;;
  esac
  complain "$2: exit code $1"
}

newest() { find "$1" -name 'run-*.h5' 2>/dev/null | sort | tail -n 1; }
# What was measured depends on where a run was told to end.
same_weights() { h5diff --exclude-path /run --exclude-path /history --exclude-path /checksums/history "$1" "$2" >/dev/null 2>&1; }
all_sound() {
  [[ -z $(newest "$1") ]] || "$trainer" verify "$1" >output 2>errors
}

# What a killed mpirun leaves ends about a second later.
end_ranks() {
  local i
  for ((i = 0; i < 100; ++i)); do
    pgrep -f "$trainer train .*--synthetic-users 200" >/dev/null || return
    pkill -KILL -f "$trainer train .*--synthetic-users 200"
    sleep 0.05
  done
}

# Kills at any moment, of a run that writes a checkpoint at every step: what is committed is sound, and what it trains in the end is what a
# run that nobody disturbs does.
kills() {
  begin
  local count ranks writing=0 attempt job dir=kills epochs=60
  count=$(pick 500 6)
  "$trainer" train "${data[@]}" --epochs "$epochs" --checkpoint-dir undisturbed 2>errors || complain "undisturbed: $?"
  for ((attempt = 0; attempt < count; ++attempt)); do
    ranks=$((attempt % 3 + 1))
    setsid "${mpirun[@]}" -n "$ranks" "$trainer" train "${data[@]}" --epochs "$epochs" --checkpoint-every 1steps --keep 3 \
      --checkpoint-dir "$dir" --resume auto >output 2>errors </dev/null &
    job=$!
    sleep "$((RANDOM % 2)).$((RANDOM % 900 + 100))"
    if kill -KILL -- "-$job" 2>/dev/null; then tried=$((tried + 1)); fi
    wait "$job" 2>/dev/null
    end_ranks
    if [[ -n $(find "$dir" -name '*.tmp-*' 2>/dev/null) ]]; then writing=$((writing + 1)); fi
    if ! all_sound "$dir"; then
      lost=$((lost + 1))
      complain "not all is sound after kill $attempt"
    fi
    if [[ $(newest "$dir") == *-step-"$(printf %08d $((epochs * 8)))".h5 ]]; then
      same_weights "$(newest undisturbed)" "$(newest "$dir")" || silent=$((silent + 1))
      rm -rf "$dir"
    fi
  done
  timeout 120 "${mpirun[@]}" -n 2 "$trainer" train "${data[@]}" --epochs "$epochs" --checkpoint-dir "$dir" --resume auto \
    >output 2>errors </dev/null
  judge $? "the last run"
  if ! same_weights "$(newest undisturbed)" "$(newest "$dir")"; then
    silent=$((silent + 1))
    complain "other weights than those of an undisturbed run"
  fi
  if [[ -n $(find "$dir" -name '*.tmp-*') ]]; then complain "left: $(ls "$dir")" && lost=$((lost + 1)); fi
  row kills "$writing in a write"
}

# Each call for files fails once, fails from then on, or moves half of its bytes, on each rank.
calls() {
  begin
  local ranks unlucky call most how step start
  for ranks in $(pick '1 2 3' 2); do
    for ((unlucky = 0; unlucky < ranks; ++unlucky)); do
      for how in '1 fails 5' '1000000 fails 28' '3 shortens 0'; do
        read -ra how <<<"$how"
        step=$(pick "${GEMEL_CALL_STEP:-1}" 79)
        start=("${mpirun[@]}" -n "$ranks" "$faulty" "$unlucky")
        rm -rf faulty
        "${start[@]}" 0 0 fails 5 train "${data[@]}" --epochs 2 --checkpoint-every 4steps --checkpoint-dir faulty >output 2>errors
        most=$(sed -n 's/^calls: //p' errors)
        for ((call = 0; call < most; call += step)); do
          rm -rf faulty
          cp -r sound faulty 2>/dev/null || {
            "$trainer" train "${data[@]}" --epochs 1 --checkpoint-dir sound 2>errors
            cp -r sound faulty
          }
          timeout -k 2 60 "${start[@]}" "$call" "${how[@]}" train "${data[@]}" --epochs 2 \
            --checkpoint-every 4steps --checkpoint-dir faulty --resume auto >output 2>errors </dev/null
          judge $? "call $call of rank $unlucky of $ranks, ${how[*]}"
          if [[ -z $(newest faulty) ]] || ! all_sound faulty; then
            lost=$((lost + 1))
            complain "a checkpoint is lost after call $call of rank $unlucky of $ranks, ${how[*]}"
          fi
        done
      done
    done
  done
  row calls "every $step of up to $most calls a rank"
}

# Bits and truncations all over a file: each is found.
flips() {
  begin
  local file size step first
  "$trainer" train "${data[@]}" --epochs 1 --checkpoint-dir flips 2>errors
  file=$(newest flips)
  size=$(stat -c %s "$file")
  step=$(pick 256 9973)
  mkdir flipped
  for ((first = 0; first < size; first += 200 * step)); do
    make_mutants flips "$file" flipped "$first" "$((first + 200 * step))" "$step"
    look_at_flipped
  done
  row flips "every $step bytes of $size"
}
look_at_flipped() {
  timeout -k 2 300 "$trainer" verify flipped/*.h5 >output 2>errors
  local code=$?
  tried=$((tried + $(find flipped -type f | wc -l) - 1))
  judge "$code" "verify of flipped files"
  local sound
  sound=$(grep -c '^sound' output)
  if ((sound > 0)); then
    silent=$((silent + sound))
    complain "taken for sound: $(grep '^sound' output | head -n 3)"
  fi
  rm -f flipped/*
}

# Files that were changed by somebody who knows the format, digests right or not, and files of before there was a header: verified, and
# gone on with.
mutants() {
  begin
  local file one
  "$trainer" train "${data[@]}" --epochs 1 --checkpoint-dir mutants 2>errors
  file=$(newest mutants)
  mkdir mutated
  make_mutants random "$file" mutated "$(pick 5000 60)"
  find mutated -name '*.h5' | sort | xargs -n 100 timeout -k 2 600 "$hardened" verify >output 2>errors
  local code=$?
  # xargs tells 123 where a command ended with another code than 0, 125 where it was killed, 126 and 127 where it could not be run.
  tried=$((tried + $(find mutated -name '*.h5' | wc -l) - 1))
  judge "$((code == 123 ? 4 : code))" "verify of mutants"
  if grep -q 'Sanitizer' errors; then
    crashes=$((crashes + 1))
    complain "a sanitizer complains"
  fi
  local told
  told=$(grep -cE '^(sound|NOT SOUND)' output)
  ((told == $(find mutated -name '*.h5' | wc -l))) || {
    crashes=$((crashes + 1))
    complain "of $(find mutated -name '*.h5' | wc -l) mutants, only $told were told of"
  }
  mkdir made
  make_mutants made "$file" made "$(pick 1 7)"
  timeout -k 2 300 "$hardened" verify made/*.h5 >output 2>errors
  judge $? "verify of files made by hand"
  while read -r one; do
    silent=$((silent + 1))
    complain "taken for sound: $one"
  done < <(grep '^sound .*/bad-' output)
  for one in $(pick "made/*.h5" "made/good*.h5"); do
    timeout -k 2 60 "$hardened" train "${data[@]}" --epochs 2 --checkpoint-dir out --resume "$one" >output 2>errors </dev/null
    code=$?
    judge "$code" "$one"
    if grep -q 'Sanitizer' errors; then crashes=$((crashes + 1)) && complain "$one: a sanitizer complains"; fi
    if ((code == 0)) && [[ $one == */bad-* ]]; then
      silent=$((silent + 1))
      complain "$one: taken for sound"
    fi
    rm -rf out
  done
  row mutants "$(find made -name '*.h5' | wc -l) of them made by hand"
}

# Each signal at moments of the first two seconds.
signals() {
  begin
  local signal moment job code ranks
  for ranks in $(pick '1 2' 2); do
    for signal in $(pick 'USR1 TERM INT HUP' 'USR1 TERM'); do
      # What mpirun gets before it has ranks, and a process before it has begun, is not the trainer's.
      for moment in $(pick "$(seq -s ' ' 0.2 0.2 2)" '3 4'); do
        rm -rf signals
        local start=("${mpirun[@]}" -n "$ranks")
        if ((ranks == 1)); then start=(); fi
        # A script's background jobs ignore SIGINT, which a program that wants it has to take back.
        timeout -k 2 60 "${start[@]}" "$trainer" train "${data[@]}" --epochs 100000 --checkpoint-dir signals >output 2>errors </dev/null &
        job=$!
        sleep "$moment"
        local pids
        pids=$(pgrep -f "$trainer train .*--epochs 100000" | tr '\n' ' ')
        # shellcheck disable=SC2046
        kill -s "$signal" $(pgrep -P "$job" | head -n 1) 2>/dev/null
        wait "$job"
        code=$?
        if ((code == 6 || code == 4)); then code=6; fi
        # mpirun itself answers INT, TERM and HUP by ending its ranks.
        if ((ranks > 1)) && [[ $signal != USR1 ]]; then code=$((code == 1 || code == 143 || code == 130 || code == 129 ? 6 : code)); fi
        judge "$code" "SIG$signal after $moment s on $ranks: $pids"
        if ! all_sound signals; then lost=$((lost + 1)) && complain "SIG$signal after $moment s: not all is sound"; fi
      done
    done
  done
  row signals "$(pick "from .2 to 2 s" "3 and 4 s") after the start"
}

# A rank that stands still: the others say so, and the job ends.
stops() {
  begin
  local ranks job victim
  for ranks in $(pick '2 3 2 3 2 3' 2); do
    rm -rf stops
    timeout -k 2 60 "${mpirun[@]}" -n "$ranks" "$trainer" train "${data[@]}" --epochs 1000000 --hang-timeout 3 --checkpoint-dir stops \
      >output 2>errors </dev/null &
    job=$!
    sleep 4
    victim=$(pgrep -f "$trainer train .*--hang-timeout 3" | tail -n 1)
    kill -STOP "$victim"
    wait "$job"
    judge $? "a rank of $ranks stands still"
    if ! grep -q 'rank' errors; then silent=$((silent + 1)) && complain 'it is not said which rank'; fi
    kill -KILL "$victim" 2>/dev/null
  done
  row stops "SIGSTOP of a rank, --hang-timeout 3"
}

# Not enough memory, not enough room for files.
limits() {
  begin
  local ranks megabytes
  for ranks in $(pick '1 2 3' 1); do
    for megabytes in $(pick '100 200 300 400 500 600 800 1000' '200 400'); do
      timeout -k 2 60 "${mpirun[@]}" -n "$ranks" bash -c "ulimit -v $((megabytes * 1024)); exec \"\$@\"" limited "$trainer" train \
        "${data[@]}" --epochs 1 --checkpoint-dir limits >output 2>errors </dev/null
      local code=$?
      if ((code == 127 || code == 1)); then code=7; fi  # the system could not even load the program
      judge "$code" "$megabytes MiB of memory on $ranks"
      rm -rf limits
    done
  done
  row limits "memory from 100 to 1000 MiB"
}

# What any number of ranks wrote, any number reads.
ranks() {
  begin
  local from to
  "$trainer" train "${data[@]}" --epochs 2 --checkpoint-dir whole 2>errors
  for from in $(pick '1 2 3 4 6 8' '1 4'); do
    timeout 120 "${mpirun[@]}" -n "$from" "$trainer" train "${data[@]}" --epochs 1 --checkpoint-dir "from-$from" >output 2>errors </dev/null
    for to in $(pick '1 2 3 4 6 8' '2 3'); do
      rm -rf to
      cp -r "from-$from" to
      timeout 120 "${mpirun[@]}" -n "$to" "$trainer" train "${data[@]}" --epochs 2 --checkpoint-dir to --resume auto >output 2>errors </dev/null
      judge $? "from $from to $to ranks"
      if ! same_weights "$(newest whole)" "$(newest to)"; then
        silent=$((silent + 1))
        complain "other weights from $from to $to ranks"
      fi
    done
  done
  row ranks "pairs of numbers of ranks"
}

for part in "${parts[@]}"; do "$part"; done
if [[ $csv ]]; then printf '%s\n' "${table[@]}" >"$csv"; fi
exit "$worst"
