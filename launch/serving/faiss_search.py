#!/usr/bin/env python3
"""Answers users from exported vectors with Faiss: one file to copy.

    faiss_search.py DIRECTORY USER... [-k 10]

DIRECTORY is what `trainer export --format npy` wrote. Scores are dot products, so the index is one of inner products.
"""
import argparse
import sys

import faiss
import numpy as np


def main():
    parser = argparse.ArgumentParser(description="Answers users from exported vectors with Faiss.")
    parser.add_argument("directory")
    parser.add_argument("users", nargs="+", metavar="USER")
    parser.add_argument("-k", type=int, default=10, help="how many items")
    arguments = parser.parse_args()

    def lines(name):
        with open(f"{arguments.directory}/{name}", encoding="utf-8") as file:
            return file.read().splitlines()

    items = np.load(f"{arguments.directory}/items.npy")
    users = np.load(f"{arguments.directory}/users.npy", mmap_mode="r")
    index = faiss.IndexFlatIP(items.shape[1])  # exact; from some million items on, faiss.IndexHNSWFlat(d, 32, faiss.METRIC_INNER_PRODUCT)
    index.add(items)

    item_ids, labels = lines("item_ids.txt"), lines("item_labels.txt")
    row_of = {user: row for row, user in enumerate(lines("user_ids.txt"))}
    unknown = [user for user in arguments.users if user not in row_of]
    if unknown:
        sys.exit(f"faiss_search.py: the model does not know {', '.join(unknown)}")
    scores, rows = index.search(np.stack([users[row_of[user]] for user in arguments.users]), arguments.k)
    for user, best, found in zip(arguments.users, scores, rows):
        for rank, (score, row) in enumerate(zip(best, found), start=1):
            print(f"{user}\t{rank}\t{score:.6g}\t{item_ids[row]}\t{labels[row]}")


if __name__ == "__main__":
    main()
