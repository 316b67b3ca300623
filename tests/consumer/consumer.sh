#!/usr/bin/env bash
# Installs gemel, builds somebody else's programs against what was installed: one trains, alone and on two ranks; others, in C++, C and
# Python, ask what it has trained; the examples of src/library/README.md run as they stand.
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
page=$source_directory/src/library/README.md
# example LANGUAGE: the block of the page in it.
example() {
  awk -v fence='```' -v language="$1" '$0 == fence { inside = 0 } inside; $0 == fence language { inside = 1 }' "$page"
}
example cpp >"$scratch/page.cpp" && example c >"$scratch/page.c" && example python >"$scratch/page.py"
cmake -S "$source_directory/tests/consumer" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" -DPAGE="$scratch" \
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
(($(grep -c 'wrote .*/run-001-step-' "$scratch/run-2.log") == 2)) || fail 'both ranks have the result'
h5diff --exclude-path /run "$scratch"/checkpoints-[12]/*.h5 >"$scratch/difference.log" 2>&1 ||
  fail 'both checkpoints are the same'
"$scratch/prefix/bin/trainer" --version >"$scratch/version.log" 2>&1 || fail 'the installed trainer runs'

# What was trained answers, without mpirun and without MPI.
library=$(find "$scratch/prefix" -name libgemel.so)
checkpoint=$(find "$scratch/checkpoints-1" -name '*.h5')
user=$(h5dump -d /users/id -s 7 -c 1 "$checkpoint" | sed -n 's/.*(7): "\([^"\]*\).*/\1/p')
ask() {
  timeout 60 "$scratch/build/ask_$1" "$checkpoint" "$user" 893286638 "${@:2}" >"$scratch/$1.lists" 2>"$scratch/ask.log" ||
    fail "what the model answers, ask.$1"
}
ask cpp "$scratch/exported"
ask c
for python in python3 /usr/bin/python3 ''; do
  [[ $python ]] && "$python" -c 'import h5py, numpy' 2>/dev/null && break
done
[[ $python ]] || {
  echo 'SKIPPED: no Python with h5py and numpy (launch/install-deps.sh)'
  [[ ${GEMEL_REQUIRE_DATA:-0} == 1 ]] && exit 1
  exit 77
}
timeout 60 "$python" "$source_directory/tests/consumer/ask.py" "$library" "$source_directory/launch" "$checkpoint" "$user" 893286638 \
  "$scratch/cpp.lists" "$scratch/c.lists" >"$scratch/ask.log" 2>&1 || fail 'the lists are those of h5py and numpy'

# The examples of the page.
cp -r "$scratch/checkpoints-1" "$scratch/checkpoints"
cd "$scratch"
for command in build/page_cpp build/page_c "$python page.py"; do
  # shellcheck disable=SC2086
  LD_LIBRARY_PATH=$(dirname "$library") timeout 60 $command >"$scratch/page.log" 2>&1 || fail "the page's example: $command"
  (($(wc -l <"$scratch/page.log") >= 10)) || fail "ten items: $command"
done
