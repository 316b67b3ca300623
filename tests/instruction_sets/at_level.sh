#!/usr/bin/env bash
# Runs a program that is compiled for a level of x86-64, or nothing where the processor lacks the level: exit code 77.
#   at_level.sh x86-64|x86-64-v3|x86-64-v4 PROGRAM [ARGUMENT...]
set -euo pipefail
case $1 in
  x86-64) needed=(sse2) ;;
  x86-64-v3) needed=(avx2 bmi1 bmi2 f16c fma movbe) ;;
  x86-64-v4) needed=(avx2 bmi1 bmi2 f16c fma movbe avx512f avx512bw avx512cd avx512dq avx512vl) ;;
  *)
    echo "at_level.sh: no level $1" >&2
    exit 2
    ;;
esac
for flag in "${needed[@]}"; do
  grep -m 1 '^flags' /proc/cpuinfo | grep -qw "$flag" || {
    echo "SKIPPED: this processor has no $flag, so not $1"
    exit 77
  }
done
exec "${@:2}"
