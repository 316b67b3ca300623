#!/usr/bin/env bash
# Every kernel's benchmark runs, and tells what share of the machine's limit the kernel reaches. No time is judged.
#   kernels_test.sh KERNELS_BENCHMARK
set -uo pipefail
command -v jq >/dev/null || {
  echo "SKIPPED: no program jq"
  [[ ${CI-} ]] && exit 1
  exit 77
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$1" --benchmark_min_time=0.001 --benchmark_out="$scratch/figures" --benchmark_out_format=json >"$scratch/output" 2>&1 || {
  cat "$scratch/output"
  exit 1
}
# Of each benchmark either "GFLOP/s" and "of_peak" or "GB/s" and "of_copy", all above 0.
wrong=$(jq -r '.benchmarks[]
  | select(([."GFLOP/s", .of_peak] | all(type == "number" and . > 0)) or ([."GB/s", .of_copy] | all(type == "number" and . > 0))
           | not)
  | .name' "$scratch/figures") || exit 1
if [[ $wrong ]]; then
  printf 'FAILED: no figure, or no fraction of a limit: %s\n' "$wrong"
  exit 1
fi
missing=0
for kernel in limit/fused_multiply_add limit/copy dense_forward dense_backward loss exponential row_gather coalesce \
  row_update lane_sum row_sum top_k scan_scores permutation deal; do
  jq -e --arg kernel "$kernel" 'any(.benchmarks[].name; . == $kernel or startswith($kernel + "/"))' "$scratch/figures" \
    >"$scratch/output" || {
    echo "FAILED: no benchmark of $kernel"
    missing=1
  }
done
exit "$missing"
