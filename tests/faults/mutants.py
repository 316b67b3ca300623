#!/usr/bin/env python3
"""Makes damaged and hostile files of a checkpoint.

  mutants.py flips FILE DIRECTORY FIRST END STEP
                                          one with a bit changed, and one cut off, at every STEP-th byte
  mutants.py random FILE DIRECTORY COUNT  COUNT files with random changes, a third of them with right digests
  mutants.py made FILE DIRECTORY STEP     files made by hand, every STEP-th: bad-*.h5 cannot be gone on with, good-*.h5 can
"""

import itertools
import json
import os
import random
import re
import sys

import h5py
import numpy
import xxhash

HEADER = 512


def read(path):
    with open(path, "rb") as file:
        return bytearray(file.read())


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def contents_of(content):
    offset, length = re.search(rb"\ncontents (\d+) (\d+) ", bytes(content[:HEADER])).groups()
    return json.loads(bytes(content[int(offset):int(offset) + int(length)])), int(offset)


def sealed(content, contents, offset):
    """The file with this table of contents, and digests and checksums that are right."""
    datasets = {entry["path"]: entry for entry in contents["datasets"]}
    text = json.dumps(contents, separators=(",", ":")).encode()
    content = content[:offset] + text
    ranges = []
    for path, entry in datasets.items():
        if path.startswith("/checksums/"):
            continue
        row = entry["value_bytes"] * (entry["shape"][1] if len(entry["shape"]) > 1 else 1)
        size = entry["shape"][0] * row
        if size <= 0 or row <= 0 or entry["offset"] < HEADER or entry["offset"] + size > offset:
            continue
        ranges.append((entry["offset"], entry["offset"] + size))
        sums = datasets.get("/checksums" + path)
        block = max((1 << 20) // max(row, 1), 1) * row
        for i, start in enumerate(range(entry["offset"], entry["offset"] + size, block)):
            value = xxhash.xxh3_64_intdigest(bytes(content[start:min(start + block, entry["offset"] + size)]))
            if sums and sums["offset"] + 8 * i + 8 <= offset:
                content[sums["offset"] + 8 * i:sums["offset"] + 8 * i + 8] = value.to_bytes(8, "little")
    digest = xxhash.xxh3_128()
    place = HEADER
    for start, end in sorted(ranges):
        digest.update(bytes(content[place:max(start, place)]))
        place = max(end, place)
    digest.update(bytes(content[place:offset]))
    header = (f"gemel-container 1\nbytes {len(content)}\n"
              f"contents {offset} {len(text)} {xxhash.xxh3_128_hexdigest(text)}\n"
              f"structure {digest.hexdigest()}\n").encode()
    header += f"header {xxhash.xxh3_64_hexdigest(header)}\n".encode()
    content[:HEADER] = header.ljust(HEADER, b"\0")
    return content


EXTREMES = [0, 1, -1, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, -2**63, 2**64 - 1, 10**9]


def change_contents(contents, source):
    """One random change of a table of contents."""
    kind = source.randrange(6)
    entry = source.choice(contents["datasets"] if kind < 4 else contents["attributes"])
    if kind == 0:
        entry["offset"] = source.choice(EXTREMES + [source.randrange(2**22)])
    elif kind == 1:
        entry["shape"] = source.choice([[], [source.choice(EXTREMES)], [source.choice(EXTREMES), source.choice(EXTREMES)],
                                        [1, 2, 3], "x", [entry["shape"][0] + 1]])
    elif kind == 2:
        entry["value_bytes"] = source.choice(EXTREMES)
        entry["element"] = source.choice(["float32", "float64", "text", "int64", "uint8", "nothing", 7])
    elif kind == 3:
        entry["path"] = source.choice(["", "/", "//", "/x" * 3000, "/checksums/x", "/query/tables/../x", "/\u0001", 7,
                                       source.choice(contents["datasets"])["path"]])
    elif kind == 4:
        value = source.choice(EXTREMES)
        for key in ("int64", "uint64", "float64_bits", "text"):
            if key in entry:
                entry[key] = "A" * 100000 if key == "text" else value
    else:
        entry.pop(source.choice(list(entry)))


def flips(path, directory, first, end, step):
    original = read(path)
    for place in range(first, min(end, len(original)), step):
        content = bytearray(original)
        content[place] ^= 1 << (place // step % 8)
        write(os.path.join(directory, f"flip-{place}.h5"), content)
        write(os.path.join(directory, f"cut-{place}.h5"), original[:place])


def random_mutants(path, directory, count):
    source = random.Random(1)
    original = read(path)
    for number in range(count):
        content = bytearray(original)
        if number % 3 == 0:
            for _ in range(source.randrange(1, 5)):
                content[source.randrange(len(content))] = source.randrange(256)
        elif number % 3 == 1:
            # As a file of before there was a header: HDF5's part alone, which has to be made out.
            _, offset = contents_of(content)
            content = content[HEADER:offset]
            for _ in range(source.randrange(1, 5)):
                content[source.randrange(len(content))] = source.randrange(256)
        else:
            contents, offset = contents_of(content)
            for _ in range(source.randrange(1, 3)):
                try:
                    change_contents(contents, source)
                except (KeyError, TypeError, IndexError):
                    pass
            try:
                content = sealed(content, contents, offset)
            except (KeyError, TypeError, IndexError, OverflowError, ValueError, AttributeError):
                content = content[:offset] + json.dumps(contents).encode()
        write(os.path.join(directory, f"mutant-{number:05}.h5"), content)


def changed(path, out, change):
    """A file whose values or attributes `change(contents, values)` changes, all digests right."""
    if out is None:
        return
    content = read(path)
    contents, offset = contents_of(content)
    datasets = {entry["path"]: entry for entry in contents["datasets"]}
    types = {"float32": "<f4", "float64": "<f8", "int64": "<i8", "uint64": "<u8", "int32": "<i4"}

    def values(name):
        entry = datasets[name]
        count = int(numpy.prod(entry["shape"]))
        return numpy.frombuffer(content, types[entry["element"]], count, entry["offset"])

    change(contents, values)
    write(out, sealed(content, contents, offset))


def attribute(contents, object_path, name):
    return next(a for a in contents["attributes"] if a["object"] == object_path and a["name"] == name)


def old_form(path, out, change=lambda file: None):
    """The same as a file of before there was a header, made by another tool."""
    if out is None:
        return
    with h5py.File(path) as old, h5py.File(out, "w", libver=("v108", "v108")) as new:
        for name, value in old.attrs.items():
            new.attrs.create(name, value, dtype=old.attrs.get_id(name).dtype)
        def copy(name, thing):
            if isinstance(thing, h5py.Group):
                group = new.require_group(name)
                for key, value in thing.attrs.items():
                    group.attrs.create(key, value, dtype=thing.attrs.get_id(key).dtype)
            else:
                new.create_dataset(name, data=thing[()], dtype=thing.dtype)
        old.visititems(copy)
        change(new)
        def check(name, thing):
            if isinstance(thing, h5py.Group) or name.startswith("checksums/"):
                return
            row = thing.dtype.itemsize * int(numpy.prod(thing.shape[1:]))
            rows = max((1 << 20) // max(row, 1), 1)
            sums = [xxhash.xxh3_64_intdigest(thing[i:i + rows].tobytes()) for i in range(0, len(thing), rows)] if thing.ndim else []
            if "checksums/" + name in new:
                del new["checksums/" + name]
            new.create_dataset("checksums/" + name, data=numpy.array(sums, "<u8"))
        new.visititems(check)


def made_by_hand(path, directory, step):
    numbers = itertools.count()

    def out(name):
        is_made = next(numbers) % step == 0 or name.startswith("good")
        return os.path.join(directory, name + ".h5") if is_made else None

    changed(path, out("good-as-it-was"), lambda contents, values: None)
    table = next(e["path"] for e in contents_of(read(path))[0]["datasets"] if re.match("/query/tables/.*/weights", e["path"]))
    accumulator = table.replace("weights", "accumulator")
    for name in ("epoch", "step", "step_in_epoch", "lanes"):
        for value in (-1, -2**63, 2**63 - 1, 2**40):
            def set_number(contents, values, name=name, value=value):
                attribute(contents, "/", name)["int64"] = value
            # As many steps may well have been made before, on other data.
            changed(path, out(f"{'odd' if (name, value) == ('step', 2**40) else 'bad'}-{name}-{value}"), set_number)
    for name in ("interactions", "train_examples"):
        def set_count(contents, values, name=name):
            attribute(contents, "/data", name)["int64"] = -5
        changed(path, out(f"bad-data-{name}"), set_count)
    for name in ("config", "options"):
        for value in ("", "{", "[]", "7", '{"layers": {}}', '{"lanes": -1}', '{"batch-size": 1e300}', "[" * 100000):
            def set_text(contents, values, name=name, value=value):
                attribute(contents, "/" if name == "config" else "/run", name)["text"] = value
            is_odd = value.startswith('{"')  # what this program may read, as a setting of another version
            changed(path, out(f"{'odd' if is_odd else 'bad'}-{name}-{xxhash.xxh32_hexdigest(value)}"), set_text)

    def set_values(name, value, where=0):
        def change(contents, values):
            array = values(name)
            array.flags.writeable or array.setflags(write=True)
            array[where] = value
        return change
    kernel = "/query/dense_0/kernel"
    for name in (table, accumulator, kernel, "/query/dense_0/bias", "/query/dense_0/kernel_accumulator", "/catalogue/vector"):
        for value in (float("nan"), float("inf"), -float("inf")):
            changed(path, out(f"bad-{name.replace('/', '_')}-{value}"), set_values(name, value, -1))
    changed(path, out("bad-negative-squares"), set_values(accumulator, -1.0))
    changed(path, out("bad-lane-losses"), set_values("/training/lane_losses", float("nan")))
    for value in (-1, 7, 2**62):
        changed(path, out(f"bad-history-epoch-{value}"), set_values("/history/epoch", value))
        changed(path, out(f"bad-history-step-{value}" if value != 7 else "odd-history-step-7"), set_values("/history/step", value))

    old_form(path, out("good-old-form"))

    def resize(name, rows):
        def change(file):
            old = file[name][()]
            del file[name]
            data = numpy.resize(old, (rows,) + old.shape[1:]) if rows else old[:0]
            file.create_dataset(name, data=data, dtype=old.dtype)
        return change
    for name in ("history/epoch", "history/step", "history/loss", "training/lane_losses", "catalogue/id", "catalogue/label",
                 "catalogue/count", "catalogue/vector", table[1:], accumulator[1:], kernel[1:], "query/dense_0/bias"):
        for rows in (0, 1000):
            old_form(path, out(f"bad-rows-{name.replace('/', '_')}-{rows}"), resize(name, rows))

    def remove(name):
        def change(file):
            del file[name]
            if "checksums/" + name in file:
                del file["checksums/" + name]
        return change
    for name in ("history/loss", "catalogue", "query/features", "training", table[1:], accumulator[1:], kernel[1:]):
        old_form(path, out(f"bad-without-{name.replace('/', '_')}"), remove(name))

    def features(text):
        def change(file):
            del file["query/features"]
            file.create_dataset("query/features", data=numpy.array([text.encode()], f"S{max(len(text), 1)}"))
        return change
    for number, text in enumerate(("", "7", "[7]", '[{"name": "x"}]', '[{"declaration": "x:what"}]',
                                   '[{"declaration": "time:normalize", "mean": 0, "deviation": 0}]',
                                   '[{"declaration": "time:bucketize(3)", "minimum": 9, "maximum": 1}]',
                                   "[" * 1000000, " " * 70000000)):
        old_form(path, out(f"bad-features-{number}"), features(text))

    def link(make):
        def change(file):
            name = kernel[1:]
            del file[name]
            make(file, name)
        return change
    old_form(path, out("bad-soft-link"), lambda file: file.__setitem__("extra", h5py.SoftLink("/nowhere")))
    old_form(path, out("bad-external-link"), lambda file: file.__setitem__("extra", h5py.ExternalLink("/dev/zero", "/")))
    fifo = os.path.join(directory, "fifo")
    os.mkfifo(fifo)
    old_form(path, out("bad-link-to-fifo"), lambda file: file.__setitem__("extra", h5py.ExternalLink(fifo, "/")))
    old_form(path, out("bad-chunks"), lambda file: file.create_dataset("extra", (1000,), "<f4", chunks=(10,), compression="gzip"))
    old_form(path, out("bad-external-values"),
             lambda file: file.create_dataset("extra", (3,), "<f4", external=[("/dev/zero", 0, 12)]))
    old_form(path, out("bad-unknown-name"), lambda file: file.create_dataset("extra", data=numpy.zeros(3, "<f4")))
    old_form(path, out("bad-two-names"), lambda file: file.__setitem__("query/extra", file["query/features"]))

    def deep(file):
        group = file
        for _ in range(300):
            group = group.create_group("g")
    old_form(path, out("bad-deep"), deep)

    def newer(file):
        file.attrs.create("format_version", 2, dtype="<i8")
    old_form(path, out("bad-newer"), newer)

    def foreign(file):
        file.attrs.create("format", "netCDF")
    old_form(path, out("bad-foreign"), foreign)

    def incomplete(file):
        file.attrs.create("complete", 0, dtype="<i8")
    old_form(path, out("bad-incomplete"), incomplete)


def main(arguments):
    if arguments[0] == "flips":
        flips(arguments[1], arguments[2], *map(int, arguments[3:]))
    elif arguments[0] == "random":
        random_mutants(arguments[1], arguments[2], int(arguments[3]))
    elif arguments[0] == "made":
        made_by_hand(arguments[1], arguments[2], int(arguments[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
