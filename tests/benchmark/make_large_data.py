#!/usr/bin/env python3
"""Makes a data set in the form of MovieLens 100K that is larger: launch/benchmark.sh --large trains on it.

Every user has one interaction, with an item drawn by popularity: 1 / (rank + 10), normalised, over the ranks 0 to items - 1. Titles
are four words of 10 000, drawn by 1 / (rank + 10) too, and the item's number, so that they differ. Times are uniform over a year. What
is learned from it means nothing; how long it takes does not depend on that.
"""
import argparse
import os

import numpy as np

WORDS = 10000
WORDS_OF_TITLE = 4
START_OF_2024 = 1704067200
YEAR = 365 * 24 * 3600
GENRES = "|".join("0" * 19)


def popularity(size):
    weights = 1 / (np.arange(size) + 10)
    return weights / weights.sum()


def write_items(path, items, random):
    words = random.choice(WORDS, size=(items, WORDS_OF_TITLE), p=popularity(WORDS))
    with open(path, "w", encoding="latin-1") as file:
        for item, title in enumerate(words, start=1):
            text = " ".join(f"word{word}" for word in title)
            file.write(f"{item}|{text} {item} (2024)|01-Jan-2024|||{GENRES}\n")


def write_interactions(path, users, items, random):
    # Items are numbered without regard to popularity.
    chosen = random.permutation(items)[random.choice(items, size=users, p=popularity(items))] + 1
    times = START_OF_2024 + random.integers(YEAR, size=users)
    with open(path, "w", encoding="ascii") as file:
        for user, (item, time) in enumerate(zip(chosen.tolist(), times.tolist()), start=1):
            file.write(f"{user}\t{item}\t5\t{time}\n")


def main():
    parser = argparse.ArgumentParser(description="Writes u.data and u.item of a made-up data set into a folder.")
    parser.add_argument("folder", help="must exist")
    parser.add_argument("--users", type=int, default=1_000_000, metavar="N", help="with one interaction each (1000000)")
    parser.add_argument("--items", type=int, default=100_000, metavar="N", help="to choose from (100000)")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="of everything drawn (42)")
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    write_items(os.path.join(options.folder, "u.item"), options.items, random)
    write_interactions(os.path.join(options.folder, "u.data"), options.users, options.items, random)


if __name__ == "__main__":
    main()
