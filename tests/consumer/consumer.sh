#!/usr/bin/env bash
# Installs gemel, builds somebody else's program against what was installed, and runs it alone and on two ranks.
#   consumer.sh SOURCE BUILD
set -euo pipefail
source_directory=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
read -ra mpiexec <<<"${MPIEXEC:-mpirun} --oversubscribe --bind-to none"

fail() {
  echo "FAILED: $1"
  cat "$scratch"/*.log
  exit 1
}

cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/install.log" 2>&1 || fail 'gemel is installed'
[[ -z $(find "$scratch/prefix/include" -name '*.hpp' -not -path '*/gemel/*') ]] || fail 'only public headers are installed'
cmake -S "$source_directory/tests/consumer" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
  >"$scratch/configure.log" 2>&1 || fail 'find_package finds gemel'
cmake --build "$scratch/build" >"$scratch/build.log" 2>&1 || fail 'the program is built'

run_on() {
  local ranks=$1
  shift
  if ((ranks > 1)); then set -- "${mpiexec[@]}" -n "$ranks" "$@"; fi
  timeout 120 "$@" >"$scratch/run-$ranks.log" 2>&1 || fail "the program runs on $ranks ranks"
}

for ranks in 1 2; do
  run_on "$ranks" "$scratch/build/consumer" "$scratch/checkpoints-$ranks"
  for words in 'epoch 2: loss ' 'wrote ' 'top-100 ' 'refused: --epochs 0: ' 'refused: checkpoint none.h5'; do
    grep -qF "$words" "$scratch/run-$ranks.log" || fail "it says '$words' on $ranks ranks"
  done
done
h5diff --exclude-path /run "$scratch"/checkpoints-[12]/*.h5 >"$scratch/difference.log" 2>&1 ||
  fail 'both checkpoints are the same'
"$scratch/prefix/bin/trainer" --version >"$scratch/version.log" 2>&1 || fail 'the installed trainer runs'
