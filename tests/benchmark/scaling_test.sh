#!/usr/bin/env bash
# The simulation of many nodes: nodes get what they should (it checks that itself), as many bytes as the planner says, in a time that
# is the same each time, and much the same in SimGrid's own network.
#   scaling_test.sh PROJECT BUILD_FOLDER
# shellcheck disable=SC2016,SC2317  # the dollars are awk's; the functions are called through check
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GEMEL_BUILD=$2
failures=0

check() {
  if ! "${@:2}"; then
    printf 'FAILED: %s\n' "$1"
    sed 's/^/  | /' "$scratch/output"
    failures=1
  fi
}
# simulate FOLDER OPTION...: 8 and 16 nodes, into a folder.
simulate() {
  mkdir -p "$scratch/$1"
  "$project/launch/scaling.sh" --nodes 8,16 --out "$scratch/$1" "${@:2}" >"$scratch/output" 2>&1 </dev/null
}
# all_lines CONDITION FILE...: awk's condition holds in every line, of which there are two; of several files, pasted.
all_lines() {
  paste -d , "${@:2}" | awk -F , "NR > 1 { ++lines; if (!($1)) { print; wrong = 1 } } END { exit wrong || lines != 2 }" \
    >>"$scratch/output"
}
says() { grep -qF -- "$1" "$scratch/output"; }
refuses() {
  "$project/launch/scaling.sh" "${@:2}" >"$scratch/output" 2>&1 </dev/null
  [[ $? == 2 ]] && says "$1"
}

project=$1
check "8 and 16 nodes are simulated" simulate first --jobs tutorial --gbits 10
check "they are simulated again" simulate second --jobs tutorial --gbits 10
check "the second time is as the first" cmp "$scratch/first/scaling.csv" "$scratch/second/scaling.csv"
check "nodes send the bytes of the plan, within 5 %" \
  all_lines '$8 > 0.95 * $9 && $8 < 1.05 * $9' "$scratch/first/scaling.csv"
check "a step is its parts, within 10 %, as some nodes are faster" \
  all_lines '$13+$14+$15+$16+$17+$18+$19+$20+$21 > 0.9 * $10 && $13+$14+$15+$16+$17+$18+$19+$20+$21 < 1.001 * $10' \
  "$scratch/first/scaling.csv"
check "efficiency is work by time" all_lines '$12 > 0.99 * $13 / $10 && $12 < 1.01 * $13 / $10' "$scratch/first/scaling.csv"
check "SimGrid's own network is simulated" simulate flows --jobs tutorial --gbits 10 --network flows
check "in SimGrid's own network a step takes the same time, within 20 %" \
  all_lines '$31 < 1.2 * $10 && $31 > 0.8 * $10' "$scratch/first/scaling.csv" "$scratch/flows/scaling.csv"
# SimGrid's network moves a message only once its receiver has found it, which lookups do one after the other; dense gradients travel
# beside them.
check "in SimGrid's own network a step takes the same time, within 5 %, but for lookups and dense gradients" \
  all_lines '$10 - $17 - $20 > 0.95 * ($31 - $38 - $41) && $10 - $17 - $20 < 1.05 * ($31 - $38 - $41)' \
  "$scratch/first/scaling.csv" "$scratch/flows/scaling.csv"
check "faster links make faster steps" simulate fast --jobs tutorial --gbits 100
check "but not more bytes" all_lines '$10 > $31 && $8 == $29' "$scratch/first/scaling.csv" "$scratch/fast/scaling.csv"
check "there is a picture" grep -q '<svg' "$scratch/first/scaling.svg"

check "1 node is refused" refuses 'not 1' --nodes 1
check "an unknown job is refused" refuses 'tutorial, strong and weak' --jobs other
check "an unknown network is refused" refuses 'cards or flows' --network tokens
check "an unknown option is refused" refuses 'no option --node' --node 8
check "a folder that is not there is refused" refuses 'not there' --out "$scratch/nowhere"
exit "$failures"
