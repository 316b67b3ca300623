#!/usr/bin/env python3
"""Opens a checkpoint of gemel, computes vectors and recommends: one file to copy, with h5py and numpy alone.

    gemel_checkpoint.py CHECKPOINT --query user_id=42 [--query timestamp=893286638] [-k 10] [--keep-seen]

From a program:

    model = Checkpoint("run-001-step-00012000.h5")
    queries = model.query_vectors({"user_id": ["42"], "timestamp": [893286638]})
    for row, score in model.top_k(queries[0], k=10, without=model.seen("42")):
        print(score, model.item_ids[row], model.item_labels[row])

A feature of the kind hash(N) needs the module xxhash, too. The format is told in src/checkpoint/README.md.
"""
import argparse
import json
import re
import sys

import h5py
import numpy as np

PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
WHITE_SPACE = " \t\n\v\f\r"
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def read_texts(file, path):
    """The strings of a dataset. Where a few are much longer than the others, their ends stand in two datasets beside it."""
    texts = [text.decode() for text in file[path][:]]
    if path + "_rest" in file:
        for piece, row in zip(file[path + "_rest"][:], file[path + "_rest_row"][:]):
            texts[row] += piece.decode()
    return texts


def tokens_of(text):
    return [token for token in re.split(f"[{WHITE_SPACE}]+", text.translate(PUNCTUATION).translate(ASCII_LOWER)) if token]


class Feature:
    """A feature of a tower: COLUMN:KIND[:DIM], with what training learned of the column."""

    def __init__(self, file, tower, entry):
        name, declaration = entry["name"], entry["declaration"]
        self.entry = entry
        self.column, rest = declaration.split(":", 1)
        # What stands in brackets may hold brackets and colons: it ends at the last one.
        begin, end = rest.find("("), rest.rfind(")")
        self.kind = rest[:begin] if begin >= 0 else rest.split(":")[0]
        self.argument = rest[begin + 1 : end] if begin >= 0 else ""
        table = f"{tower}/tables/{name}"
        # Scores are made of the averages of weights, where the training kept any.
        self.table = file[table]["average" if "average" in file[table] else "weights"][:] if table in file else None
        self.rows = {}
        vocabulary = f"{tower}/vocabulary/{name}"
        self.unknown = 1 if self.kind == "text" else 0
        if vocabulary in file:
            for row, text in enumerate(read_texts(file, vocabulary)):
                if row > self.unknown:
                    self.rows[text] = row

    def rows_of(self, texts):
        return [self.rows.get(text, self.unknown) for text in texts]

    def values(self, column):
        """[rows, width] of a column of raw values: text, or whole numbers."""
        if self.kind == "normalize":
            numbers = np.asarray(column, dtype=np.float64)
            return ((numbers - self.entry["mean"]) / self.entry["deviation"]).astype(np.float32)[:, None]
        if self.kind == "bucketize":
            points = np.linspace(self.entry["minimum"], self.entry["maximum"], self.entry["boundaries"])
            return self.table[np.searchsorted(points, np.asarray(column, dtype=np.float64), side="right")]
        texts = [str(value) for value in column]
        if self.kind in ("lookup", "bias"):
            return self.table[self.rows_of(texts)]
        if self.kind == "hash":
            import xxhash

            return self.table[[xxhash.xxh3_64_intdigest(text.encode()) % len(self.table) for text in texts]]
        if self.kind == "text":
            lists = [tokens_of(text) for text in texts]
        elif self.kind == "list":
            parts = ([part.strip(WHITE_SPACE) for part in text.split(self.argument)] for text in texts)
            lists = [[part for part in row if part] for row in parts]
        else:
            raise ValueError(f"{self.column}:{self.kind}: this script does not know that kind of feature")
        empty = np.zeros(self.table.shape[1], dtype=np.float32)
        return np.stack([self.table[self.rows_of(row)].mean(axis=0) if row else empty for row in lists])


class Tower:
    """Features side by side, dense layers with ReLU on all but the last, and a last column where items have biases."""

    def __init__(self, file, name, normalize, has_biases):
        self.name, self.normalize, self.has_biases = name, normalize, has_biases
        entries = json.loads(read_texts(file, f"{name}/features")[0])
        self.features = [Feature(file, name, entry) for entry in entries]
        self.layers = []
        while (layer := f"{name}/dense_{len(self.layers)}") in file:
            kernel, bias = ("kernel_average", "bias_average") if "kernel_average" in file[layer] else ("kernel", "bias")
            self.layers.append((file[layer][kernel][:], file[layer][bias][:]))

    def vectors(self, columns):
        """[rows, d] float32 of columns: name -> values."""
        for feature in self.features:
            if feature.column not in columns:
                raise KeyError(f"the {self.name} tower needs the column {feature.column}")
        width = max(len(column) for column in columns.values())
        values = {feature: feature.values(columns[feature.column]) for feature in self.features}
        inputs = [value for feature, value in values.items() if feature.kind != "bias"]
        hidden = np.concatenate(inputs, axis=1)
        for number, (kernel, bias) in enumerate(self.layers):
            hidden = hidden @ kernel + bias
            if number + 1 < len(self.layers):
                hidden = np.maximum(hidden, 0)
        if self.normalize:
            hidden = hidden / np.sqrt(np.maximum((hidden.astype(np.float64) ** 2).sum(axis=1, keepdims=True), 1e-12))
        if self.has_biases:
            biases = [value for feature, value in values.items() if feature.kind == "bias"]
            last = sum(biases) if self.name == "candidate" else np.ones((width, 1))
            hidden = np.concatenate([hidden, last], axis=1)
        return hidden.astype(np.float32)


class Checkpoint:
    """A trained model: two towers, and the catalogue that they rank."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") not in ("gemel-checkpoint", b"gemel-checkpoint"):
                raise ValueError(f"{path}: not a checkpoint of gemel")
            settings = json.loads(file.attrs["config"])
            normalize = settings.get("normalize", False)
            declared = [entry["declaration"] for entry in json.loads(read_texts(file, "candidate/features")[0])]
            has_biases = any(declaration.endswith(":bias") for declaration in declared)
            self.query = Tower(file, "query", normalize, has_biases)
            self.candidate = Tower(file, "candidate", normalize, has_biases)
            self.item_ids = read_texts(file, "catalogue/id")
            self.item_labels = read_texts(file, "catalogue/label")
            self.item_vectors = file["catalogue/vector"][:]
            self.seen_items = {}  # rows of the catalogue, by user; of a training with --store-history
            if "users" in file:
                first, items = file["users/first"][:], file["users/item"][:]
                for user, text in enumerate(read_texts(file, "users/id")):
                    self.seen_items[text] = items[first[user] : first[user + 1]]

    def query_vectors(self, columns):
        return self.query.vectors(columns)

    def seen(self, user):
        """Rows of the catalogue that are training items of the user; none where the checkpoint does not keep them."""
        return self.seen_items.get(user, ())

    def top_k(self, query, k, without=()):
        """(row of the catalogue, score) of the best k items, best first; equal scores by row. `without`: rows left out."""
        scores = self.item_vectors @ query
        scores[np.asarray(without, dtype=np.int64)] = -np.inf
        order = np.lexsort((np.arange(len(scores)), -scores))[: min(k, len(scores) - len(without))]
        return [(int(row), float(scores[row])) for row in order]


def main():
    parser = argparse.ArgumentParser(description="Recommends from a checkpoint of gemel.")
    parser.add_argument("checkpoint")
    parser.add_argument("--query", action="append", default=[], metavar="COLUMN=VALUE", help="a value of the query; once a column")
    parser.add_argument("-k", type=int, default=10, help="how many items")
    parser.add_argument("--keep-seen", action="store_true", help="items that the user has seen stay in the list")
    arguments = parser.parse_args()
    model = Checkpoint(arguments.checkpoint)
    values = dict(text.split("=", 1) for text in arguments.query)
    queries = model.query_vectors({column: [value] for column, value in values.items()})
    seen = () if arguments.keep_seen else model.seen(values.get("user_id"))
    for rank, (row, score) in enumerate(model.top_k(queries[0], arguments.k, seen), start=1):
        print(f"{rank}\t{score:.6g}\t{model.item_ids[row]}\t{model.item_labels[row]}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"gemel_checkpoint.py: {error.args[0] if error.args else error}")
