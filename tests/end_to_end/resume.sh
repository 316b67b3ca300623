#!/usr/bin/env bash
# A run that ended, was killed or was stopped goes on as if nothing had happened, on any number of ranks.
#   resume.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
draw_ratings

run=(--data "$data" "--layers=64,32" --validate-every 3)
train 1 whole "${run[@]}" --epochs 5

train 4 longer "${run[@]}" --epochs 3
train 2 longer "${run[@]}" --epochs 5 --resume auto
check "3 epochs on 4 ranks and 2 on 2 give what 5 on 1 give" same whole longer

# With all that a step draws at random, and averages of the weights.
regular=(--data "$data" "--layers=64,32" --normalize --item-bias --temperature 0.2 --dropout 0.1
  --query-dropout 0.1 --candidate-dropout 0.2 --embedding-l2 0.01 --average-weights 0.99)
train 1 regular-whole "${regular[@]}" --epochs 5 --validate-every 1
train 4 regular "${regular[@]}" --epochs 3 --validate-every 3
train 2 regular "${regular[@]}" --epochs 5 --validate-every 3 --resume auto --placement sharded
check "a regularised run of 3 epochs on 4 ranks and 2 on 2 gives what 5 on 1 give" \
  h5diff --exclude-path /run --exclude-path /history --exclude-path /checksums/history "$(newest regular-whole)" "$(newest regular)"

# With an optimiser whose weight decay is due to rows that were not touched, when the first run ends.
decay=(--data "$data" --validate-every 0 --optimizer adamw --weight-decay 0.1 --clip-norm 100
  --learning-rate-schedule inverse-sqrt --warmup-steps 20)
train 1 decay-whole "${decay[@]}" --epochs 3 --checkpoint-every 0
train 2 decay "${decay[@]}" --epochs 3 --checkpoint-every 25steps --keep 9
rm decay/*-step-00000075.h5 decay/*-step-00000100.h5 decay/*-step-00000120.h5
train 4 decay "${decay[@]}" --epochs 3 --checkpoint-every 0 --resume auto
check "adamw goes on from step 50, in mid-epoch, as if nothing had happened" same decay-whole decay
on 1 --checkpoint-dir decay "${quiet[@]}" --data "$data" --epochs 4 --resume auto
((status == 4)) || fail "exit code $status, not 4, for a checkpoint of another optimiser"
check 'the message names the optimisers' grep -q -- '--optimizer adamw, this run has adagrad' errors

# Killed with no chance to tidy up.
start 4 killed "${run[@]}" --epochs 5 --checkpoint-every 25steps
wait_for_checkpoint killed || fail "no checkpoint appeared"
mapfile -t ranks < <(pgrep -P "$job")
kill -KILL "$job" "${ranks[@]}"
wait "$job" 2>/dev/null
for process in "${ranks[@]}"; do
  for ((i = 0; i < 100; ++i)); do
    kill -0 "$process" 2>/dev/null || break
    sleep 0.05
  done
done
[[ $(newest killed) != *-step-00000200.h5 ]] || fail "the run ended before it was killed"
train 3 killed "${run[@]}" --epochs 5 --checkpoint-every 25steps --resume auto
check "a killed run that goes on gives what an undisturbed one gives" same whole killed
[[ -z $(find killed -name '*tmp*') ]] || fail "half-written files of the killed run are left: $(ls killed)"

# Stopped by a signal within an epoch: 40 steps make one.
start 4 stopped "${run[@]}" --epochs 5 --checkpoint-every 10steps --trace stopped.json
wait_for_checkpoint stopped || fail "no checkpoint appeared"
kill -USR1 "$job"
wait "$job"
status=$?
((status == 6)) || fail "exit code $status after SIGUSR1, not 6"
step=$(newest stopped)
step=${step##*-step-}
step=$((10#${step%.h5}))
((step < 200)) || fail "the run ended before it was stopped"
((step % 40 != 0)) || fail "the run was stopped between two epochs, at step $step"
check "a stopped run leaves its trace, to the last step" grep -q "\"name\":\"step $step\",.*\"pid\":3" stopped.json
[[ $(tail -n 1 stopped.json) == ']}' ]] || fail "the trace of the stopped run is not whole"
train 1 stopped --resume auto  # data, settings and epochs are those of the checkpoint
check "a stopped run that goes on gives what an undisturbed one gives" same whole stopped

# Two runs at once in one directory, before either has written anything: each has its own number and its own files.
# wait_for FILE: until it is there, but not for ever.
wait_for() {
  for ((i = 0; i < 600; ++i)); do
    [[ ! -e $1 ]] || return 0
    sleep 0.05
  done
  fail "no $1"
}
endless=(--data "$data" --epochs 100000 --validate-every 0 --checkpoint-every 0)
start 2 shared "${endless[@]}"
first=$job
wait_for shared/run-001.lock
start 2 shared "${endless[@]}"
second=$job
wait_for shared/run-002.lock
check 'a marker names host and process' grep -qE "^process: [0-9]+$" <(grep -A 1 "^host: $(hostname)$" shared/run-001.lock)
on 2 --checkpoint-dir shared "${quiet[@]}" "${endless[@]}" --resume auto
((status == 4)) || fail "exit code $status, not 4, of --resume auto beside runs that live"
check 'it is said which run lives' grep -qE 'run 1 in shared is under way: process [0-9]+ on host' errors
train 2 shared --data "$data" --epochs 1
[[ $(newest shared) == shared/run-003-step-00000040.h5 ]] || fail "a third run wrote $(newest shared)"
# A run of its own goes on from the third one, which has ended.
train 2 shared --data "$data" --epochs 2 --resume shared/run-003-step-00000040.h5
check 'it goes on under its number' test -e shared/run-003-step-00000080.h5
for job in "$first" "$second"; do
  kill -USR1 "$job"
  wait "$job"
  status=$?
  ((status == 6)) || fail "exit code $status after SIGUSR1, not 6"
done
for number in 001 002; do
  check "run $number has its checkpoint" test -n "$(find shared -name "run-$number-step-*.h5")"
done
[[ -z $(find shared -name '*.lock') ]] || fail "markers are left: $(ls shared)"

# Only damaged checkpoints: nothing is trained, and the next fresh run has a number of its own.
mkdir damaged
head -c 20000 "$(newest shared)" >damaged/run-001-step-00000040.h5
echo nothing >damaged/run-002-step-00000080.h5
on 2 --checkpoint-dir damaged "${quiet[@]}" --data "$data" --epochs 1 --resume auto
((status == 4)) || fail "exit code $status, not 4, where only damaged checkpoints are"
for words in 'damaged/run-001-step-00000040.h5: damaged: truncated to 20000 bytes' 'damaged/run-002-step-00000080.h5: not an HDF5 file'; do
  check "it says '$words'" grep -qF "$words" errors
done
[[ $(find damaged -type f | wc -l) == 2 ]] || fail "something was written: $(ls damaged)"
train 2 damaged --data "$data" --epochs 1
check 'a fresh run has a new number' test -e damaged/run-003-step-00000040.h5

# What is not given is the checkpoint's, unless data is named.
train 2 told "${run[@]}" --epochs 3
train 3 told --resume auto --epochs 5
check 'what is not given is as in the checkpoint' same whole told
check 'it is said where the settings come from' grep -qF "data (--data $(realpath -s "$data")) and settings are those of told/run-001" errors
train 2 told --resume auto --epochs 6 --validate-every 1 --top-k 3,7 --metrics recall,accuracy --exclude-seen --monitor top-7 --keep-best
check 'another --top-k is measured from here on' grep -qF -- '--top-k was 1,5,10,50,100 when' errors
values=$(h5dump -y -w 1 -d /history/top_7 "$(newest told)" | sed -n '/DATA {/,/}/p' | grep -cE '^ *0\.[0-9]+')
((values == 1)) || fail "$values epochs have a top-7 accuracy, not 1"
! h5ls "$(newest told)/history" | grep -q top_100 || fail 'what is no longer measured is still there'
cp -r "$data" moved
train 1 gone --data moved --epochs 1 --layers 16
rm -r moved
on 2 --checkpoint-dir gone "${quiet[@]}" --resume auto
((status == 3)) || fail "exit code $status, not 3, where the data of the checkpoint is gone"
check 'it is said which data' grep -qF "$PWD/moved" errors

# Ranks may work in different directories: the checkpoint has the paths of the first one.
mkdir elsewhere
ln -s "$data" elsewhere/drawn
ln -s "$data" drawn
beside=(train "${working[@]}" --checkpoint-dir "$PWD/beside" "${quiet[@]}" --data drawn --epochs 1)
timeout 60 "${mpiexec[@]}" -n 1 "$trainer" "${beside[@]}" : -n 1 -wdir "$PWD/elsewhere" "$trainer" "${beside[@]}" \
  >output 2>errors </dev/null || fail "exit code $? of ranks in different directories"
check 'their checkpoint names one of them' grep -qF "$PWD/drawn" <(h5dump -a /run/options "$(newest beside)" 2>&1)
train 2 beside --resume auto --epochs 2

# Nothing is left to train: the run evaluates, says so, and writes nothing. Also beyond what is asked for, and in mid-epoch.
# ended DIRECTORY EPOCHS ARGUMENT...: such a run, on 2 ranks.
ended() {
  cksum "$1"/* >before
  rm -f ended.jsonl
  train 2 "$1" --data "$data" "--layers=64,32" --resume auto --metrics-file ended.jsonl --epochs "${@:2}"
  check "$1, --epochs $2: the files stay as they are" diff before <(cksum "$1"/*)
  check "$1, --epochs $2: it is said" grep -qE "has [0-9]+ epochs already and --epochs asks for $2" errors
  check "$1, --epochs $2: the last figures are told" grep -q '"event":"summary".*"top_100":0\.[0-9]' ended.jsonl
  ! grep -qE '"event":"(epoch|checkpoint)"|"interrupted":true' ended.jsonl || fail "$1, --epochs $2: it trained on"
}
# figures: the last ones of the metrics file.
figures() {
  tail -n 1 ended.jsonl | grep -o '"top_1":.*"top_100":[0-9.e-]*'
}
train 1 five "${run[@]}" --epochs 5 --metrics-file five.jsonl
of_five=$(tail -n 1 five.jsonl | grep -o '"top_1":.*"top_100":[0-9.e-]*')
for epochs in 5 4 1; do
  ended five "$epochs"
  [[ $(figures) == "$of_five" ]] || fail "--epochs $epochs after 5: other figures than those of the run: $(figures)"
done
train 1 middle "${run[@]}" --epochs 5 --checkpoint-every 50steps --keep 9
rm middle/*-step-00000100.h5 middle/*-step-0000015*.h5 middle/*-step-00000200.h5
ended middle 1
finish
