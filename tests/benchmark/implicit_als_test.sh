#!/usr/bin/env bash
# tests/benchmark/implicit_als.py solves the equations that it names, and its metrics are those of the definition.
#   implicit_als_test.sh
set -uo pipefail
for python in python3 /usr/bin/python3 ''; do
  [[ $python ]] && "$python" -c 'import numpy' 2>/dev/null && break
done
[[ $python ]] || {
  echo "SKIPPED: no Python with NumPy: launch/install-deps.sh installs one"
  [[ ${CI-} ]] && exit 1
  exit 77
}
program=$(cd "$(dirname "$0")" && pwd)/implicit_als.py
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export PYTHONDONTWRITEBYTECODE=1

"$python" - "$(dirname "$program")" <<'END' || exit 1
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
import numpy as np
sys.path.insert(0, sys.argv[1])
import implicit_als
from implicit_als import Lists, evaluate, solve_half

# Users of 0 to 30 items, in blocks that hold a few users each; every solution beside a naive one in double.
generator = np.random.default_rng(1)
options = SimpleNamespace(alpha=7.0, regularization=3.0, activity_power=0.5)
pairs = np.argwhere(generator.random((50, 40)) < np.linspace(0, 0.7, 50)[:, None])
pairs = pairs[generator.permutation(len(pairs))]
others = generator.normal(0, 0.3, (40, 8)).astype(np.float32)
factors = np.ones((50, 8), np.float32)
implicit_als.BLOCK_FLOATS = 1000
with ThreadPoolExecutor(2) as pool:
    solve_half(factors, others, Lists(*pairs.T, 50), pool, options)
y = others.astype(np.float64)
counts = np.bincount(pairs[:, 0], minlength=50)
for user in range(50):
    own = y[pairs[pairs[:, 0] == user, 1]]
    matrix = y.T @ y + 3 * (counts[user] / counts[counts > 0].mean()) ** 0.5 * np.eye(8) + 6 * own.T @ own
    expected = np.linalg.solve(matrix, 7 * own.sum(axis=0)) if counts[user] else np.zeros(8)
    assert np.allclose(factors[user], expected, atol=1e-4), (user, factors[user], expected)

# User 0 ranks 29, 28, ... and has seen 29: of the tests 28, 26, 3 the first two are found, at ranks 1 and 3. User 1 has no tests.
train, test = (SimpleNamespace(users=np.array(users), items=np.array(items))
               for users, items in (([0, 1, 1], [29, 3, 4]), ([0, 0, 0], [3, 26, 28])))
recall, ndcg = evaluate(np.ones((2, 1)), np.arange(30.0)[:, None], train, test)
best = 1 + 1 / np.log2(3) + 1 / 2
assert abs(recall - 2 / 3) < 1e-9 and abs(ndcg - (1 + 1 / 2) / best) < 1e-9, (recall, ndcg)
END

# Two groups of users who like a group of items each, of which one is left for the test.
for user in {0..39}; do
  echo "$user $(for item in {0..11}; do ((item != user % 12)) && printf ' %d' $((item + user % 2 * 12)); done)"
done >train.txt
for user in {0..39}; do echo "$user $((user % 12 + user % 2 * 12))"; done >test.txt
answer=$("$python" "$program" --data . --factors 4 --regularization 1 --sweeps 3) || exit 1
"$python" -c 'import json, sys
found = json.loads(sys.argv[1])
assert found["recall_20"] == 1 and found["ndcg_20"] == 1 and found["seconds"] > 0, found' "$answer" || exit 1
"$python" "$program" --data . --library implicit --activity-power 1 2>/dev/null
(($? == 2)) || {
  echo "FAILED: implicit has no --activity-power, and is said to"
  exit 1
}
echo "all checks of the ALS in NumPy passed"
