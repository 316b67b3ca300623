#!/usr/bin/env python3
"""Times gemel's exact top-K search beside Faiss's IndexFlatIP, in turns, and checks that both find the same.

    tests/benchmark/top_k.py build/release/top_k_benchmark [--threads 1 2] [--rounds 7]
                             [--case CANDIDATES DIM QUERIES K]...

Every round searches with both, one after the other, and measures what the machine can do: multiply-adds in registers, and reading
memory. Figures are medians over the rounds. "times" is how often gemel's time fits into Faiss's, by the clock and by seconds of
processors: on a machine that does other work, too, the latter says more. "of peak" and "of memory" are gemel's shares, by seconds of
processors. Needs NumPy and Faiss (Debian: python3-faiss libopenblas0-openmp).
"""
import argparse
import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

# The reference BLAS, where Debian has no other one first, would be slower by far.
OPENBLAS = sorted(glob.glob("/usr/lib/*/openblas-*/libblas.so.3"))
if OPENBLAS and "GEMEL_OPENBLAS" not in os.environ:
    path = os.path.dirname(OPENBLAS[0]) + ":" + os.environ.get("LD_LIBRARY_PATH", "")
    environment = dict(os.environ, LD_LIBRARY_PATH=path, GEMEL_OPENBLAS="found", OMP_WAIT_POLICY="passive")
    os.execve(sys.executable, [sys.executable] + sys.argv, environment)

import faiss  # noqa: E402
import numpy  # noqa: E402

CASES = [(1000000, 64, 4096, 100), (1682, 32, 8192, 100), (1000000, 64, 1, 100)]


class Gemel:
    """The program, which searches when it is asked to."""

    def __init__(self, program, folder, case, threads):
        arguments = [program, folder] + [str(number) for number in (*case, threads)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"the program ended with exit code {self.process.wait()}")
        return answer.split()

    def numbers(self, question):
        return [float(word) for word in self.ask(question)]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def search_with_faiss(index, queries, k):
    start, start_of_processors = time.perf_counter(), time.process_time()
    rows = index.search(queries, k)[1]
    return rows, time.perf_counter() - start, time.process_time() - start_of_processors


def check_lists(ours, theirs, queries, candidates):
    """Both lists have the same scores, computed in doubles: rows of nearly equal scores may have changed places."""
    for i in range(0, len(queries), max(1, len(queries) // 50)):
        scores = candidates.astype(numpy.float64) @ queries[i].astype(numpy.float64)
        if not numpy.allclose(scores[ours[i]], scores[theirs[i]], rtol=0, atol=1e-4):
            sys.exit(f"FAILED: gemel and Faiss found different candidates for query {i}")


def run_case(program, case, threads, rounds):
    count, dim, query_count, k = case
    faiss.omp_set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        gemel = Gemel(program, folder, case, threads)
        gemel.ask("search")
        gemel.ask("lists")
        candidates = numpy.fromfile(folder + "/candidates", numpy.float32).reshape(count, dim)
        queries = numpy.fromfile(folder + "/queries", numpy.float32).reshape(query_count, dim)
        index = faiss.IndexFlatIP(dim)
        index.add(candidates)
        theirs = search_with_faiss(index, queries, k)[0]
        ours = numpy.fromfile(folder + "/lists", numpy.int32).reshape(query_count, -1)
        check_lists(ours, theirs[:, : ours.shape[1]], queries, candidates)
        figures = []
        for _ in range(rounds):
            figures.append(
                gemel.numbers("peak")
                + gemel.numbers("memory")
                + gemel.numbers("search")
                + list(search_with_faiss(index, queries, k)[1:])
            )
        gemel.close()
    peak, memory, wall, processors, faiss_wall, faiss_processors = map(statistics.median, zip(*figures))
    seconds = processors / threads
    of_peak = 2 * count * dim * query_count / seconds / peak
    of_memory = f"{4 * count * dim / seconds / memory:.2f}" if query_count == 1 else ""
    print(
        f"| {count} x {dim} | {query_count} | {threads} | {wall * 1e3:.4g} | {faiss_wall * 1e3:.4g} "
        f"| {faiss_wall / wall:.2f} | {faiss_processors / processors:.2f} | {of_peak:.2f} | {of_memory} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--case", type=int, nargs=4, action="append", metavar=("CANDIDATES", "DIM", "QUERIES", "K"))
    options = parser.parse_args()
    print(f"Faiss {faiss.__version__}, load {os.getloadavg()[0]:.1f}")
    print("| candidates | queries | cores | gemel, ms | Faiss, ms | times | by processors | of peak | of memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in options.case or CASES:
        for threads in options.threads:
            run_case(options.program, case, threads, options.rounds)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
