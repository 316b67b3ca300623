#!/usr/bin/env bash
# The built-in data: the default training learns from it, and comes near what can be reached.
#   synthetic.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq

# holds CONDITION: of awk.
holds() { awk "BEGIN { exit !($1) }"; }

train 2 checkpoints --epochs 40 --metrics-file metrics.jsonl
for metric in top_5 top_10 top_100; do
  mapfile -t values < <(jq -r --arg metric "$metric" 'select(.event == "validation") | .[$metric]' metrics.jsonl)
  first=${values[0]}
  last=${values[-1]}
  popularity=$(jq -r --arg metric "$metric" 'select(.event == "summary") | .popularity[$metric]' metrics.jsonl)
  check "$metric rises, $first to $last" holds "$last > 1.1 * $first"
  check "$metric is well above popularity's, $last to $popularity" holds "$last > 2 * $popularity"
done
# The best that can be reached is .96 (ingest/synthetic.hpp).
check "top_100 is where it should be, $last" holds "$last > 0.75 && $last < 0.96"
! grep -q 'warning' errors || fail 'the built-in data is warned of'
finish
