#!/usr/bin/env bash
# A rank needs the memory that the plan says, and holds its part only of a sharded table. What there is no memory for is refused.
#   memory.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq

# refuses TEXT RANKS ARGUMENT...: there is no memory for it, which is said within seconds and before any is taken.
refuses() {
  limit=20 on "$2" --metrics-file refused.jsonl "${@:3}"
  ((status == 2)) || fail "$1: exit code $status, not 2"
  [[ $(grep -c 'error: not enough memory for ' errors) == 1 ]] || fail "$1: it is not said once that memory is short"
  check "$1: what helps is said" grep -q 'more nodes, give them more memory, or ' errors
}
refuses 'synthetic data' 1 --synthetic-interactions 100000000000
refuses 'synthetic data of 2 ranks' 2 --synthetic-interactions 9000000000000000000
refuses 'a catalogue' 2 --synthetic-items 2147483646
# A file that is empty but for its beginning has a size all the same.
seq 1 5000 | sed 's/.*/user&\titem&\t3/' >large.txt
truncate -s 1T large.txt
refuses 'a file' 2 --train-file large.txt --file-format pairs
rm large.txt

# 1.5 million rows of 32 floats and as many accumulators: 384 MB, far more than all else.
rows=1500000
job=(--query-feature "user_id:hash($rows)" --query-feature timestamp:normalize --epochs 1 --validate-every 0
  --metrics-file metrics.jsonl)
table=$((rows * 32 * 4 * 2))

# Peak memory of a rank and what was planned for it, in bytes.
peak() { jq -s 'map(select(.event == "summary"))[0].peak_memory' metrics.jsonl; }
plan() { jq -s 'map(select(.event == "run"))[0].plan.memory | floor' metrics.jsonl; }
# shellcheck disable=SC2317  # check calls it
near_plan() { (($(peak) * 100 < $(plan) * 115 && $(peak) * 100 > $(plan) * 85)); }

# The others keep a copy of what they write.
train 2 sharded "${job[@]}" --checkpoint-wait
echo "2 ranks, sharded: planned $(plan), peak $(peak)"
check "2 ranks with a sharded table need what was planned, to 15 %" near_plan
check "a rank holds half of the table" test "$(peak)" -lt $((table / 2 + 150000000))
train 2 replicated "${job[@]}" --placement replicated
echo "2 ranks, replicated: planned $(plan), peak $(peak)"
check "2 ranks with a replicated table need what was planned, to 15 %" near_plan
check "sharding changes no result" same sharded replicated
train 3 thirds "${job[@]}" --optimizer adamw --weight-decay 0.1
echo "3 ranks, sharded, adamw: planned $(plan), peak $(peak)"
check "3 ranks with adamw need what was planned, to 15 %" near_plan
finish
