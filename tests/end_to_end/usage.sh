#!/usr/bin/env bash
# The command line, the metrics file, and checkpoints as other programs read them.
#   usage.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5dump

"$trainer" --help >output 2>errors || fail "exit code $? of --help"
check '--help names the command' grep -q 'trainer train' output
"$trainer" train --help >output 2>errors || fail "exit code $? of train --help"
for option in optimizer learning-rate-schedule warmup-steps final-learning-rate-share momentum beta-1 beta-2 epsilon \
  weight-decay clip-norm data layers normalize item-bias dropout query-dropout \
  candidate-dropout embedding-l2 average-weights embedding-dim embedding-range query-feature candidate-feature epochs batch-size lanes learning-rate seed \
  split-seed test-fraction validate-every top-k temperature learned-temperature negatives extra-negatives negative-distribution \
  negative-power logq-correction logq-strength remove-accidental-hits mask-seen hard-negatives partition-weight label-smoothing \
  loss-reduction threads \
  checkpoint-dir checkpoint-every resume freeze-vocabulary placement spare-ranks metrics-file trace progress log-level config; do
  check "--help lists --$option" grep -qE -- "^ +--$option( |\$)" output
done
[[ ! -s errors ]] || fail '--help writes to standard error'

"$trainer" --version >output 2>errors || fail "exit code $? of --version"
check 'the first line is the version' grep -qE '^trainer [0-9.]+ \(gemel\), .*MPI' <(head -n 1 output)
for what in 'commit ([0-9a-f]+(-dirty)?|unknown)' 'oneDNN [0-9.]+' 'HDF5 [0-9.]+' 'instruction set: .+'; do
  check "--version tells $what" grep -qxE "$what" output
done
"$trainer" train --help layers >output 2>errors || fail "exit code $? of --help layers"
[[ $(grep -c -- '^ *--' output) == 1 ]] || fail '--help layers is not of one option'
check '--help layers explains it' grep -q -- '^  --layers WIDTHS ' output

# One rank has nothing to tell of others; tables fit 80 columns, whatever is measured.
"$trainer" train --epochs 2 --validate-every 2 --metrics accuracy,recall,ndcg,hit-rate,mrr,coverage --top-k 1,5,10,50,100 \
  --checkpoint-dir one >output 2>errors </dev/null || fail "exit code $? on one rank"
check 'epochs have a row each' test "$(grep -cE '^ +[12] +(24|48) ' output)" = 2
! grep -q 'bytes between ranks' output || fail 'one rank has a table of zeros'
! grep -qE '^ .{80}' output || fail 'a table is wider than 80 columns'

# Without a command and without data; the command line wins over the file.
printf 'epochs = 7\nlayers = 24  # narrow\nmetrics-file = metrics.jsonl\ntrace = trace.json\n' >run.ini
timeout 200 "${mpiexec[@]}" -n 8 "$trainer" "${working[@]}" --epochs 2 --config run.ini \
  >output 2>errors </dev/null || fail "exit code $? on synthetic data"
check 'the built-in data is used' grep -q '^synthetic: ' output
check 'the command line wins' grep -qE '^ +epochs +2$' output
check 'the file counts' grep -qE '^ +layers +24$' output
check 'the last epoch is shown' grep -q 'Finished after epoch 2,' output
! grep -vE '^[0-9:]+ (info|warning): ' errors || fail 'a sound run writes more than messages to standard error'

# Metrics.
if command -v python3 >/dev/null; then
  while read -r line; do
    python3 -m json.tool <<<"$line" >/dev/null 2>&1 || fail "not JSON: $line"
  done <metrics.jsonl
fi
[[ $(grep -cvE '^\{"event":".*\}$' metrics.jsonl) == 0 ]] || fail 'a line of metrics is no event'
for name in top_100 training_seconds checkpoint; do
  check "the summary has $name" grep -q "^{\"event\":\"summary\".*\"$name\":" <(tail -n 1 metrics.jsonl)
done

# The trace: 48 steps on each of the 8 ranks.
if command -v python3 >/dev/null; then
  check 'the trace is JSON' python3 -m json.tool trace.json /dev/null
fi
[[ $(grep -c '"name":"process_name"' trace.json) == 8 ]] || fail 'the trace is not of 8 ranks'
[[ $(grep -c '"name":"loss","cat":"step","ph":"X"' trace.json) == 384 ]] || fail 'the trace lacks losses'
check 'the trace has all steps' grep -q '"name":"step 48",.*"pid":7' trace.json

# Checkpoints.
checkpoint=$(newest checkpoints)
[[ $checkpoint == checkpoints/run-001-step-00000048.h5 ]] || fail "the checkpoint is '$checkpoint'"
check 'h5dump lists it' h5dump -n "$checkpoint" >contents
for name in query/tables/user_id_lookup/weights catalogue/vector history/loss; do
  check "it holds $name" grep -qE "^ dataset +/$name\$" contents
  check "it holds the checksums of $name" grep -qE "^ dataset +/checksums/$name\$" contents
done
# 1500 items of the synthetic data, vectors as wide as the last layer, one loss for each epoch.
h5dump -H -d /catalogue/vector "$checkpoint" >header
check 'a vector for each item' grep -qF '( 1500, 24 ) / ' header
check 'as 32-bit numbers' grep -q H5T_IEEE_F32LE header
finish
