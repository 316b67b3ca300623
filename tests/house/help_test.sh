#!/usr/bin/env bash
# Every script that users call answers --help and -h with its usage, and does nothing else.
#   help_test.sh PROJECT
set -uo pipefail
project=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# What a script that goes on would call.
mkdir "$scratch/bin" "$scratch/place"
for name in apt-get dpkg-query sudo cmake ctest curl unzip mpirun srun scontrol qstat qsub python3 gnuplot git; do
  printf '#!/bin/sh\necho "%s $*" >>"%s/called"\n' "$name" "$scratch" >"$scratch/bin/$name"
  chmod +x "$scratch/bin/$name"
done
export PATH=$scratch/bin:$PATH GEMEL_BUILD=$scratch/place/build
unset SLURM_SUBMIT_DIR PBS_O_WORKDIR GEMEL_HOME GEMEL_TRAINER
cd "$scratch/place" || exit 1

fail() {
  printf 'FAILED: %s\n' "$1"
  failures=1
}

# answers WHAT ARGUMENT...: the script prints its name and more than a line, changes and calls nothing, and succeeds.
answers() {
  local script=$1 text status=0
  text=$("$project/$script" "${@:2}" 2>"$scratch/errors" </dev/null) || status=$?
  ((status == 0)) || fail "$*: exit code $status"
  [[ $text == *"$script"*$'\n'* ]] || fail "$*: shows no usage"
  [[ ! -s $scratch/errors ]] || fail "$*: $(head -n 1 "$scratch/errors")"
  [[ ! -e $scratch/called ]] || fail "$*: calls $(head -n 1 "$scratch/called")"
  [[ -z $(ls -A) ]] || fail "$*: leaves $(find . -mindepth 1 | head -n 1)"
  rm -rf "$scratch/called" "$scratch"/place/*
}

count=0
while read -r script; do
  answers "$script" --help
  answers "$script" -h
  count=$((count + 1))
done < <(cd "$project" && find launch data -type f \( -name '*.sh' -o -name '*.sbatch' -o -name '*.pbs' \) ! -name common.sh)
((count >= 10)) || fail "only $count scripts were found"
answers launch/quickstart.sh --epochs 5 --help

text=$(bash "$project/launch/common.sh" --help 2>&1)
[[ ! $text && ! -e $scratch/called ]] || fail "common.sh does something"
((failures == 0)) && echo "$count scripts answer"
exit "$failures"
