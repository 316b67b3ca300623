"""Asks by ctypes what ask.cpp and ask.c ask, and holds the answers of all three against h5py and numpy.

    ask.py LIBRARY LAUNCH_DIRECTORY CHECKPOINT USER TIMESTAMP LISTS...
"""
import ctypes
import os
import sys
import threading

import h5py
import numpy

library, launch, path, user, timestamp, *files = sys.argv[1:]
sys.path.insert(0, launch)
from gemel_checkpoint import Checkpoint  # noqa: E402


class Item(ctypes.Structure):
    _fields_ = [("id", ctypes.c_char_p), ("label", ctypes.c_char_p), ("row", ctypes.c_int64), ("score", ctypes.c_float)]


class List(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("items", ctypes.POINTER(Item)),
        ("unknown_size", ctypes.c_size_t),
        ("unknown", ctypes.POINTER(ctypes.c_char_p)),
    ]


gemel = ctypes.CDLL(library)
texts = ctypes.POINTER(ctypes.c_char_p)
gemel.gemel_open.restype = ctypes.c_void_p
gemel.gemel_close.argtypes = [ctypes.c_void_p]
gemel.gemel_recommend.restype = ctypes.POINTER(List)
gemel.gemel_recommend.argtypes = [ctypes.c_void_p, texts, texts, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
gemel.gemel_free_list.argtypes = [ctypes.POINTER(List)]
gemel.gemel_last_error.restype = ctypes.c_char_p


def recommend(model, k, query):
    names = (ctypes.c_char_p * len(query))(*(name.encode() for name in query))
    values = (ctypes.c_char_p * len(query))(*(value.encode() for value in query.values()))
    answer = gemel.gemel_recommend(model, names, values, len(query), k, None)
    if not answer:
        raise ValueError(gemel.gemel_last_error().decode())
    items = [(item.id.decode(), item.score) for item in answer.contents.items[: answer.contents.size]]
    unknown = [name.decode() for name in answer.contents.unknown[: answer.contents.unknown_size]]
    gemel.gemel_free_list(answer)
    return items, unknown


def expect_list(name, found, scores, rows, k):
    """`found` are the best k of these rows by the scores, computed in doubles: those of nearly equal scores may have changed places."""
    row_of = {item: row for row, item in enumerate(truth.item_ids)}
    best = sorted(rows, key=lambda row: -scores[row])[:k]
    assert len(found) == len(best), f"{name}: {len(found)} items, not {len(best)}"
    assert len({item for item, _ in found}) == len(found), f"{name}: an item is there twice"
    for place, (item, score) in enumerate(found):
        row = row_of[item]
        assert row in rows, f"{name}: {item} is not to be ranked"
        assert abs(score - scores[row]) < 1e-4, f"{name}: {item} has the score {score}, not {scores[row]}"
        assert abs(scores[row] - scores[best[place]]) < 1e-4, f"{name}: {item} is not on place {place + 1}"


def seen_rows(path, user):
    with h5py.File(path, "r") as file:
        ids = [text.decode() for text in file["users/id"][:]]
        first = file["users/first"][:]
        place = ids.index(user)
        return set(file["users/item"][first[place] : first[place + 1]].tolist())


def expected_lists():
    """name -> (scores of all items, rows that are ranked, k)"""
    query = truth.query_vectors({"user_id": [user], "timestamp": [int(timestamp)]})[0].astype(numpy.float64)
    vectors = truth.item_vectors.astype(numpy.float64)
    scores = vectors @ query
    every = set(range(len(scores)))
    units = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return {
        "best": (scores, every - seen_rows(path, user), 10),
        "all": (scores, every, len(every)),
        "some": (scores, {3, 7}, 10),
        "similar": (units @ units[2], every - {2}, 10),
        "dot": (vectors @ vectors[2], every - {2}, len(every)),
    }


truth = Checkpoint(path)
expected = expected_lists()
assert len(expected["best"][1]) < len(expected["all"][1]), "the user has seen something"
for file in files:
    found = {name: [] for name in expected}
    for line in open(file, encoding="utf-8"):
        name, rank, item, score = line.rstrip("\n").split(",")
        found[name].append((item, float(score)))
        assert int(rank) == len(found[name])
    for name, (scores, rows, k) in expected.items():
        expect_list(f"{os.path.basename(file)}, {name}", found[name], scores, rows, k)

model = gemel.gemel_open(path.encode(), 1)
query = {"user_id": user, "timestamp": timestamp}
items, unknown = recommend(model, 10, query)
expect_list("ask.py, best", items, *expected["best"])
assert unknown == [], unknown
assert recommend(model, 3, {"user_id": "nobody", "timestamp": timestamp})[1] == ["user_id"]
for k, query_in_error, words in (
    (0, query, "k = 0"),
    (3, {"timestamp": timestamp}, "user_id=TEXT"),
    (3, {"usr_id": user, "timestamp": timestamp}, "no such feature"),
):
    try:
        recommend(model, k, query_in_error)
        sys.exit(f"FAILED: not refused: {words}")
    except ValueError as error:
        assert words in str(error), error
assert gemel.gemel_open(b"nowhere", 1) is None and "nowhere" in gemel.gemel_last_error().decode()

answers = []
threads = [threading.Thread(target=lambda: answers.extend(recommend(model, 10, query)[0] == items for _ in range(200))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(answers) == 800 and all(answers), "threads get the same answers"
gemel.gemel_close(model)
print("all lists are as they should be")
