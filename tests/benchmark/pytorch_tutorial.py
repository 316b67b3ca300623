#!/usr/bin/env python3
"""The job that gemel's defaults are, in PyTorch: launch/benchmark.sh runs both.

The model, loss, optimiser, initial values and split of TensorFlow Recommenders' tutorial "Building deep retrieval
models", https://www.tensorflow.org/recommenders/examples/deep_recommenders, on MovieLens 100K, as fast as PyTorch's own
parts allow: strings are numbers before training starts, text is an EmbeddingBag, tables have no more rows than there are
words, nothing is copied out of a tensor within an epoch. Trains, evaluates once, and prints one JSON object.
"""
import argparse
import json
import os
import re
import statistics
import string
import tempfile
import time
from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BUCKETS = 1000
EMBEDDING_DIM = 32
TEST_SHARE = 0.2
TOP_K = (1, 5, 10, 50, 100)


def words_of(title):
    """A title's words as Keras's TextVectorization has them: lower case, no punctuation, split at white space."""
    return re.sub(f"[{re.escape(string.punctuation)}]", "", title.lower()).split()


def text_table(titles, max_tokens=10000):
    """Words of each title as rows of an embedding table: [titles, longest title], and the number of rows.

    The commonest words come first; row 0 is padding, row 1 stands for unknown words.
    """
    words = [words_of(title) for title in titles]
    vocabulary = [word for word, _ in Counter(word for title in words for word in title).most_common(max_tokens - 2)]
    row_of = {word: row for row, word in enumerate(vocabulary, start=2)}
    tokens = torch.zeros(len(titles), max(map(len, words)), dtype=torch.long)
    for row, title in enumerate(words):
        tokens[row, : len(title)] = torch.tensor([row_of.get(word, 1) for word in title], dtype=torch.long)
    return tokens, len(vocabulary) + 2


class MovieLens:
    """MovieLens 100K as tensors. Row 0 of users and titles is for unknown ones, which this data set has none of.

    users, buckets, times, titles [interactions]; catalogue [rows of u.item], rows of titles; tokens [title rows, words].
    """

    def __init__(self, folder):
        with open(os.path.join(folder, "u.item"), encoding="latin-1") as file:
            items = [line.split("|")[:2] for line in file if line.strip()]
        users, item_ids, _, seconds = np.loadtxt(os.path.join(folder, "u.data"), dtype=np.int64).T

        names = sorted({title for _, title in items})
        row_of = {title: row for row, title in enumerate(names, start=1)}
        title_of_item = {int(item): row_of[title] for item, title in items}
        user_ids, user_rows = np.unique(users, return_inverse=True)
        boundaries = np.linspace(seconds.min(), seconds.max(), BUCKETS)

        self.users = torch.from_numpy(user_rows + 1)
        self.buckets = torch.from_numpy(np.searchsorted(boundaries, seconds, side="right"))
        self.times = torch.from_numpy((seconds - seconds.mean()) / seconds.std()).float()
        self.titles = torch.tensor([title_of_item[item] for item in item_ids])
        self.catalogue = torch.tensor(list(title_of_item.values()))
        self.tokens, self.token_rows = text_table(["", *names])
        self.user_rows = len(user_ids) + 1

    def split(self, seed):
        """Numbers of the interactions to train on, and of those to test on."""
        order = torch.randperm(len(self.users), generator=torch.Generator().manual_seed(seed))
        tests = round(TEST_SHARE * len(order))
        return order[tests:], order[:tests]

    def queries(self, interactions):
        return self.users[interactions], self.buckets[interactions], self.times[interactions]


def as_keras_embeds(table):
    nn.init.uniform_(table.weight, -0.05, 0.05)
    return table


def dense_layers(inputs, widths):
    """Dense layers as Keras starts them, with ReLU after all but the last."""
    layers = []
    for width in widths:
        layer = nn.Linear(inputs, width)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers[:-1])


class QueryTower(nn.Module):
    def __init__(self, data, widths, sparse):
        super().__init__()
        self.user = as_keras_embeds(nn.Embedding(data.user_rows, EMBEDDING_DIM, sparse=sparse))
        self.bucket = as_keras_embeds(nn.Embedding(BUCKETS + 1, EMBEDDING_DIM, sparse=sparse))
        self.dense = dense_layers(2 * EMBEDDING_DIM + 1, widths)

    def forward(self, users, buckets, times):
        """[batch] each, to vectors [batch, last width]."""
        return self.dense(torch.cat([self.user(users), self.bucket(buckets), times[:, None]], dim=1))


class CandidateTower(nn.Module):
    def __init__(self, data, widths, sparse):
        super().__init__()
        self.register_buffer("tokens", data.tokens)
        self.title = as_keras_embeds(nn.Embedding(len(data.tokens), EMBEDDING_DIM, sparse=sparse))
        self.text = as_keras_embeds(
            nn.EmbeddingBag(data.token_rows, EMBEDDING_DIM, mode="mean", padding_idx=0, sparse=sparse))
        self.dense = dense_layers(2 * EMBEDDING_DIM, widths)

    def forward(self, titles):
        """[batch], to vectors [batch, last width]."""
        return self.dense(torch.cat([self.title(titles), self.text(self.tokens[titles])], dim=1))


class TwoTower(nn.Module):
    def __init__(self, data, widths, sparse):
        super().__init__()
        self.query = QueryTower(data, widths, sparse)
        self.candidate = CandidateTower(data, widths, sparse)

    def forward(self, queries, titles):
        """The sum of the batch's losses: softmax cross-entropy over the candidates of the batch."""
        logits = self.query(*queries) @ self.candidate(titles).T
        return functional.cross_entropy(logits, torch.arange(len(titles)), reduction="sum")


def train_epoch(model, optimizer, data, examples, options, rank):
    """One pass over the examples in the order given; returns the loss per example.

    With several processes each has every ranks-th example of a global batch, and only its own candidates as negatives.
    Their gradients are averaged, hence the factor: the global loss is a sum.
    """
    ranks = max(options.ddp, 1)
    total = torch.zeros(())
    for batch in examples.split(options.batch_size):
        mine = batch[rank::ranks]
        loss = model(data.queries(mine), data.titles[mine])
        optimizer.zero_grad(set_to_none=True)
        (loss * ranks if ranks > 1 else loss).backward()
        optimizer.step()
        total += loss.detach()
    return total.item() * ranks / len(examples)


@torch.inference_mode()
def evaluate(model, data, tests, block=4096):
    """Shares of the tests for which fewer than k rows of the catalogue score higher than the true title."""
    catalogue = model.candidate(data.catalogue).T
    column_of = torch.zeros(len(data.tokens), dtype=torch.long)
    column_of[data.catalogue] = torch.arange(len(data.catalogue))
    hits = dict.fromkeys(TOP_K, 0)
    for some in tests.split(block):
        scores = model.query(*data.queries(some)) @ catalogue
        of_truth = scores.gather(1, column_of[data.titles[some]][:, None])
        higher = (scores.topk(min(max(TOP_K), scores.shape[1]), dim=1).values > of_truth).sum(dim=1)
        for k in TOP_K:
            hits[k] += int((higher < k).sum())
    return {f"top_{k}": hits[k] / len(tests) for k in TOP_K}


def run(rank, options):
    """Trains and evaluates; returns what is to be printed."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = MovieLens(options.data)
    training, tests = data.split(options.seed)
    towers = TwoTower(data, options.layers, options.sparse)
    model = nn.parallel.DistributedDataParallel(towers) if options.ddp > 1 else towers
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1, initial_accumulator_value=0.1, eps=1e-7)

    shuffle = torch.Generator().manual_seed(options.seed)
    seconds = []
    for _ in range(options.epochs):
        start = time.perf_counter()
        examples = training[torch.randperm(len(training), generator=shuffle)]
        loss = train_epoch(model, optimizer, data, examples, options, rank)
        seconds.append(time.perf_counter() - start)
    if rank > 0:
        return None

    start = time.perf_counter()
    accuracies = evaluate(towers, data, tests)
    return {
        "epoch_seconds": {"median": statistics.median(seconds), "min": min(seconds), "all": seconds},
        "evaluation_seconds": time.perf_counter() - start,
        "loss": loss,
        **accuracies,
        "settings": {**vars(options), "torch": torch.__version__},
    }


def run_rank(rank, options, rendezvous):
    """One of several processes on this machine."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=options.ddp)
    result = run(rank, options)
    torch.distributed.destroy_process_group()
    if result:
        print(json.dumps(result), flush=True)


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def parse_options():
    parser = argparse.ArgumentParser(
        description="Trains the tutorial's model on MovieLens 100K with PyTorch; prints one JSON object: seconds of each"
        " epoch (median, min, all), seconds of the evaluation, loss, accuracies, settings.")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with u.data and u.item")
    parser.add_argument("--layers", default=[64, 32], metavar="WIDTHS",
                        help="widths of each tower's dense layers (64,32)",
                        type=lambda text: [positive(width) for width in text.split(",")])
    parser.add_argument("--epochs", type=positive, default=5, metavar="N", help="passes over the training examples (5)")
    parser.add_argument("--batch-size", type=positive, default=2048, metavar="N", help="of a global batch (2048)")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="of split, initial values and order (42)")
    parser.add_argument("--threads", type=positive, default=1, metavar="T", help="threads of each process (1)")
    parser.add_argument("--ddp", type=positive, default=1, metavar="N",
                        help="processes of DistributedDataParallel over gloo, each with its own in-batch negatives (1)")
    parser.add_argument("--sparse", action="store_true", help="sparse gradients of the tables (dense)")
    options = parser.parse_args()
    for name in ("u.data", "u.item"):
        if not os.access(os.path.join(options.data, name), os.R_OK):
            parser.error(f"--data: cannot read {os.path.join(options.data, name)}")
    return options


def main():
    options = parse_options()
    if options.ddp == 1:
        print(json.dumps(run(0, options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = os.path.join(folder, "rendezvous")
        torch.multiprocessing.spawn(run_rank, args=(options, rendezvous), nprocs=options.ddp)


if __name__ == "__main__":
    main()
