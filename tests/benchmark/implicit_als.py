#!/usr/bin/env python3
"""Implicit alternating least squares in NumPy, or by the library `implicit`: what gemel's --optimizer als is compared with.

    tests/benchmark/implicit_als.py --data data/ml-1m-split --factors 64 --alpha 5 --regularization 40 --activity-power 0.5
    tests/benchmark/implicit_als.py --data data/ml-1m-split --library implicit

Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008. The factors of a user with the items I are

    x = (Y'Y + lambda 1 + (alpha - 1) sum over I of y y')^-1  alpha sum over I of y

and those of an item the same of its users. lambda is --regularization times (the row's interactions / their mean over rows) to the
power --activity-power. NumPy solves for many rows at a time, exactly. implicit takes three steps of conjugate gradients, and has
one lambda for all rows. Trains on DIR/train.txt, ranks all items but a user's own there for DIR/test.txt, and prints one JSON
object. Seconds are of training from data in memory. Needs NumPy and OpenBLAS (Debian: libopenblas0-openmp); implicit needs SciPy too.
"""
import argparse
import glob
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BLOCK_FLOATS = 1 << 22  # of factors and matrices of the rows that are solved together
TOP_K = 20


class Interactions:
    """Users and items of a file in which each line is a user followed by that user's items, all numbers from 0."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            lines = [np.array(line.split(), dtype=np.int64) for line in file if line.strip()]
        self.users = np.concatenate([np.full(len(line) - 1, line[0]) for line in lines])
        self.items = np.concatenate([line[1:] for line in lines])


class Lists:
    """For each of `count` rows its columns: row r has columns[begin[r] : begin[r] + size[r]]."""

    def __init__(self, rows, columns, count):
        self.columns = columns[np.argsort(rows, kind="stable")]
        self.size = np.bincount(rows, minlength=count)
        self.begin = np.cumsum(self.size) - self.size

    def padded(self, rows, padding):
        """The columns of some rows, [rows, longest]: shorter ones are filled up with `padding`."""
        places = np.arange(self.size[rows].max())
        is_there = places < self.size[rows, None]
        return np.where(is_there, self.columns[np.where(is_there, self.begin[rows, None] + places, 0)], padding)


def solve_rows(factors, rows, others, gram, lists, options):
    """Replaces some rows of factors [all rows, width] by the solutions for the others' factors [columns + 1, width]."""
    gathered = others[lists.padded(rows, len(others) - 1)]  # [rows, longest, width]
    matrices = gathered.transpose(0, 2, 1) @ gathered
    matrices *= options.alpha - 1
    matrices += gram
    mean = lists.size[lists.size > 0].mean()
    penalties = options.regularization * (lists.size[rows] / mean) ** options.activity_power
    diagonal = np.arange(factors.shape[1])
    matrices[:, diagonal, diagonal] += penalties[:, None].astype(np.float32)
    right = options.alpha * gathered.sum(axis=1)
    factors[rows] = np.linalg.solve(matrices, right[:, :, None])[:, :, 0]


def blocks(lists, width):
    """The rows that have columns, those with the most first, in blocks of about BLOCK_FLOATS."""
    rows = np.argsort(-lists.size, kind="stable")[:np.count_nonzero(lists.size)]
    while len(rows) > 0:
        count = max(1, BLOCK_FLOATS // (width * (2 * width + lists.size[rows[0]])))
        yield rows[:count]
        rows = rows[count:]


def solve_half(factors, others, lists, pool, options):
    """Replaces all factors: half a sweep. The threads take blocks of rows. A row without columns becomes zero."""
    factors[lists.size == 0] = 0
    gram = others.T @ others
    padded = np.vstack([others, np.zeros_like(others[:1])])
    list(pool.map(lambda rows: solve_rows(factors, rows, padded, gram, lists, options),
                  blocks(lists, others.shape[1])))


def train_with_numpy(train, users, items, options):
    """Factors [users, width] and [items, width] after the sweeps, each of which solves for all users, then for all items."""
    generator = np.random.default_rng(options.seed)
    of_users = np.zeros((users, options.factors), np.float32)
    of_items = generator.normal(0, options.factors ** -0.5, (items, options.factors)).astype(np.float32)
    items_of_users = Lists(train.users, train.items, users)
    users_of_items = Lists(train.items, train.users, items)
    with ThreadPoolExecutor(options.threads) as pool:
        for _ in range(options.sweeps):
            solve_half(of_users, of_items, items_of_users, pool, options)
            solve_half(of_items, of_users, users_of_items, pool, options)
    return of_users, of_items


def train_with_implicit(matrix, options):
    """The same by implicit's AlternatingLeastSquares, from its own initial values."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=options.factors, alpha=options.alpha, regularization=options.regularization,
                                    iterations=options.sweeps, num_threads=options.threads, random_state=options.seed)
    model.fit(matrix, show_progress=False)
    return model.user_factors, model.item_factors


def evaluate(of_users, of_items, train, test, block=2048):
    """Recall and NDCG of the first TOP_K items, means over the users with test items; DCG is divided by the best possible one."""
    discounts = 1 / np.log2(np.arange(2, TOP_K + 2))
    best = np.concatenate([[0], np.cumsum(discounts)])
    items = len(of_items)
    columns = np.vstack([of_items, np.zeros_like(of_items[:1])]).T  # the last one is for padding, and never first
    seen = Lists(train.users, train.items, len(of_users))
    tests = np.bincount(test.users, minlength=len(of_users))
    tested = np.flatnonzero(tests)
    test_pairs = np.unique(test.users * items + test.items)
    recall = ndcg = 0.0
    for users in np.split(tested, range(block, len(tested), block)):
        scores = of_users[users] @ columns
        scores[:, items] = -np.inf
        np.put_along_axis(scores, seen.padded(users, items), -np.inf, axis=1)
        top = np.argpartition(-scores, TOP_K - 1, axis=1)[:, :TOP_K]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        top = np.take_along_axis(top, order, axis=1)
        hits = np.isin(users[:, None] * items + top, test_pairs)
        recall += (hits.sum(axis=1) / tests[users]).sum()
        ndcg += ((hits * discounts).sum(axis=1) / best[np.minimum(tests[users], TOP_K)]).sum()
    return recall / len(tested), ndcg / len(tested)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with train.txt and test.txt")
    parser.add_argument("--library", choices=["numpy", "implicit"], default="numpy")
    parser.add_argument("--factors", type=int, default=64, help="width (64)")
    parser.add_argument("--alpha", type=float, default=5, help="confidence of an interaction; that of another pair is 1 (5)")
    parser.add_argument("--regularization", type=float, default=40, help="lambda of a row of mean activity (40)")
    parser.add_argument("--activity-power", type=float, default=0, help="how lambda grows with a row's interactions (0)")
    parser.add_argument("--sweeps", type=int, default=8, help="solutions for all users and all items (8)")
    parser.add_argument("--threads", type=int, default=1, help="of the training (1)")
    parser.add_argument("--seed", type=int, default=42, help="of the initial values (42)")
    options = parser.parse_args()
    if options.library == "implicit" and options.activity_power != 0:
        parser.error("--activity-power: implicit has one lambda for all rows; leave it out")
    return options


def begin_anew():
    """Begins again with OpenBLAS, on one thread: it is settled when it is loaded. The threads of this program are beside it."""
    environment = dict(os.environ, GEMEL_OPENBLAS="found", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    libraries = sorted(glob.glob("/usr/lib/*/openblas-*/libblas.so.3"))
    if libraries:
        environment["LD_LIBRARY_PATH"] = os.path.dirname(libraries[0]) + ":" + os.environ.get("LD_LIBRARY_PATH", "")
    os.execve(sys.executable, [sys.executable] + sys.argv, environment)


def main():
    options = parse_options()
    if "GEMEL_OPENBLAS" not in os.environ:
        begin_anew()
    train, test = (Interactions(os.path.join(options.data, name)) for name in ("train.txt", "test.txt"))
    users = 1 + max(train.users.max(), test.users.max())
    items = 1 + max(train.items.max(), test.items.max())
    if options.library == "implicit":
        from scipy.sparse import csr_matrix

        matrix = csr_matrix((np.ones(len(train.users), np.float32), (train.users, train.items)), shape=(users, items))

        def train_model():
            return train_with_implicit(matrix, options)
    else:
        def train_model():
            return train_with_numpy(train, users, items, options)
    start, start_of_processors = time.perf_counter(), time.process_time()
    of_users, of_items = train_model()
    seconds, of_processors = time.perf_counter() - start, time.process_time() - start_of_processors
    recall, ndcg = evaluate(of_users, of_items, train, test)
    print(json.dumps({
        "seconds": round(seconds, 3),
        "processor_seconds": round(of_processors, 3),
        f"recall_{TOP_K}": round(recall, 4),
        f"ndcg_{TOP_K}": round(ndcg, 4),
        "load": round(os.getloadavg()[0], 1),
        "settings": vars(options),
    }))


if __name__ == "__main__":
    main()
