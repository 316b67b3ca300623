#!/usr/bin/env bash
# Faiss finds what gemel finds, on one thread and on two, for many queries and for one; the table has all figures. No time is judged.
#   top_k_test.sh TOP_K_BENCHMARK
set -uo pipefail
for python in python3 /usr/bin/python3 ''; do
  [[ $python ]] && "$python" -c 'import faiss' 2>/dev/null && break
done
[[ $python ]] || {
  echo "SKIPPED: no Python with Faiss: launch/install-deps.sh installs one"
  [[ ${CI-} ]] && exit 1
  exit 77
}
figures=$("$python" "$(dirname "$0")/top_k.py" "$1" --rounds 1 \
  --case 3000 16 500 20 --case 40 5 7 40 --case 5000 64 1 100) || exit 1
printf '%s\n' "$figures"
rows=$(grep -cE '^\| [0-9]+ x [0-9]+ \|( [0-9.e+-]+ \|){7}' <<<"$figures")
((rows == 6)) || {
  echo "FAILED: $rows rows of figures, not 6"
  exit 1
}
