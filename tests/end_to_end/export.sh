#!/usr/bin/env bash
# What `trainer export` writes, as numpy, Faiss, h5py and others read it; the same on any number of ranks; and what cannot be.
#   export.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=exported_model.sh
. "$(dirname "$0")/exported_model.sh"
need_python numpy h5py faiss
train_every_kind
all=npy,fvecs,hdf5,jsonl,csv,onnx
time=timestamp=880000000

export_on 1 checkpoints --to one --format "$all" --query "$time"
((status == 0)) || fail "exit code $status of export"
check 'the files are listed' grep -qE '^ +[0-9.]+ kB  one/items.npy$' output
check 'so is what is in them' grep -qx '1682 items, vectors of width 17' output
[[ $(find one -type f | wc -l) == 16 ]] || fail "other files than 16: $(ls -A one)"
for ranks in 2 3; do
  export_on "$ranks" checkpoints --to "on-$ranks" --format "$all" --query "$time"
  check "$ranks ranks write the same bytes" diff -r one "on-$ranks"
done

# The time that nobody gives is the latest that the model has learned from.
latest=$(cut -f 4 "$data/u.data" | sort -n | tail -n 1)
export_on 1 checkpoints --to latest
check 'the time is told' grep -q "the time of queries is $latest, the latest that the model has learned from" errors
export_on 1 checkpoints --to given --query "timestamp=$latest"
check 'the latest time' diff -r latest given

"$python" - one "$(newest checkpoints)" >output 2>errors <<'END' || fail 'the files do not say the same'
import csv, json, sys
import faiss, h5py, numpy as np

directory, checkpoint = sys.argv[1:]
path = lambda name: f"{directory}/{name}"
lines = lambda name: open(path(name), encoding="utf-8").read().splitlines()
def fvecs(name):
    raw = np.fromfile(path(name), dtype="<i4")
    rows = raw.reshape(-1, raw[0] + 1)
    assert (rows[:, 0] == raw[0]).all()
    return rows[:, 1:].copy().view("<f4")

# The catalogue is the checkpoint's.
with h5py.File(checkpoint) as file:
    ids = [text.decode() for text in file["catalogue/id"][:]]
    labels = [text.decode() for text in file["catalogue/label"][:]]
    counts = file["catalogue/count"][:].tolist()
    catalogue = file["catalogue/vector"][:]
    known_users = [text.decode() for text in file["query/vocabulary/user_id_lookup"][1:]]
items = np.load(path("items.npy"))
users = np.load(path("users.npy"))
assert items.dtype == users.dtype == np.float32 and items.flags.c_contiguous
assert (items == catalogue).all() and lines("item_ids.txt") == ids and lines("item_labels.txt") == labels
assert users.shape == (943, 17) and lines("user_ids.txt") == known_users
assert np.isfinite(users).all() and len(np.unique(users, axis=0)) == 943

# Every format says the same.
for noun, vectors, names in ("items", items, ids), ("users", users, known_users):
    is_items = noun == "items"
    assert (fvecs(noun + ".fvecs") == vectors).all()
    with open(path(noun + ".csv"), newline="", encoding="utf-8") as file:
        heading, *rows = csv.reader(file)
    width = 2 if is_items else 1
    assert heading == ["id", "label"][:width] + [f"v{i}" for i in range(17)], heading
    assert [row[0] for row in rows] == names and (not is_items or [row[1] for row in rows] == labels)
    assert (np.array([row[width:] for row in rows], dtype=np.float32) == vectors).all()
    objects = [json.loads(line) for line in lines(noun + ".jsonl")]
    assert [one["id"] for one in objects] == names
    assert (np.array([one["vector"] for one in objects], dtype=np.float32) == vectors).all()
    payloads = [one.get("payload") for one in objects]
    assert payloads == [{"label": l, "count": c} for l, c in zip(labels, counts)] if is_items else not any(payloads)
    with h5py.File(path("vectors.h5")) as file:
        group = file[noun]
        assert sorted(group) == (["count", "id", "label", "vector"] if is_items else ["id", "vector"])
        assert [text.decode() for text in group["id"]] == names and (group["vector"][:] == vectors).all()
        assert not is_items or ([text.decode() for text in group["label"]] == labels and group["count"][:].tolist() == counts)

# Faiss finds the same best ten as sorting does, in our order: by score, then by row.
index = faiss.IndexFlatIP(items.shape[1])
index.add(items)
scores, found = index.search(users, 10)
exact = users.astype(np.float64) @ items.T.astype(np.float64)
order = np.argsort(-exact, axis=1, kind="stable")[:, :10]
best = np.take_along_axis(exact, order, axis=1)
assert np.abs(scores - best).max() < 1e-5
clear = np.abs(np.diff(best, axis=1)).min(axis=1) > 1e-6
assert clear.mean() > 0.5 and (found[clear] == order[clear]).all()
END

# Labels and ids that need quotes, and a model without users.
mkdir quoted
{ echo 'item;user;time' && for ((i = 0; i < 400; ++i)); do printf '"say ""%d"", é";%d;%d\n' $((i % 20)) $((i % 7)) "$i"; done; } >quoted/data.csv
train 1 quoted/run --train-file quoted/data.csv --batch-size 64 --epochs 1 --query-feature timestamp:normalize --layers 4
export_on 2 quoted/run --to quoted/files --format csv,jsonl
((status == 0)) || fail "exit code $status of a model without users"
check 'a model without users says so' grep -q 'no vectors of users: no feature of queries tells users apart' errors
[[ $(ls quoted/files) == $'items.csv\nitems.jsonl' ]] || fail "files of a model without users: $(ls quoted/files)"
"$python" - quoted/files >output 2>errors <<'END' || fail 'quoted texts do not come back'
import csv, json, sys
expected = {f'say "{i}", é' for i in range(20)}
with open(sys.argv[1] + "/items.csv", newline="", encoding="utf-8") as file:
    assert {row["id"] for row in csv.DictReader(file)} == expected
assert {json.loads(line)["id"] for line in open(sys.argv[1] + "/items.jsonl", encoding="utf-8")} == expected
END

# refused CODE WORDS -- ARGUMENT...: the export fails, on two ranks where it reads or writes, and leaves no new file in the directory `target`.
refused() {
  local code=$1 words=$2 before ranks=2
  ((code != 2)) || ranks=1
  before=$(ls -A target 2>/dev/null)
  export_on "$ranks" "${@:4}"
  ((status == code)) || fail "exit code $status, not $code, of: ${*:4}"
  [[ $(grep -c '^trainer: error' errors) == 1 ]] || fail "not exactly one line 'trainer: error' of: ${*:4}"
  check "the message of '${*:4}' says '$words'" grep -qF -- "$words" errors
  [[ $(ls -A target 2>/dev/null) == "$before" ]] || fail "written: $(ls -A target)"
}
refused 2 '--to DIR is missing' -- checkpoints --query "$time"
refused 2 'choose one of npy, fvecs, hdf5, jsonl, csv, onnx' -- checkpoints --to target --format npz
refused 2 'npy is named twice' -- checkpoints --to target --format npy,npy
train 1 quoted/timed --train-file quoted/data.csv --batch-size 64 --epochs 1 --query-feature user_id:lookup \
  --query-feature timestamp:normalize --layers 4
refused 2 'say what all users get (--query timestamp=NUMBER), or ask for items only (--items-only)' -- quoted/timed --to target
refused 2 '--query age=3: no feature of queries needs this column' -- checkpoints --to target --query "$time" --query age=3
refused 2 '--query user_id=3: the vectors are those of all users' -- checkpoints --to target --query user_id=3
refused 2 '--query timestamp=noon: this column holds numbers' -- checkpoints --to target --query timestamp=noon
refused 2 '--query timestamp: expected NAME=VALUE' -- checkpoints --to target --query timestamp
refused 2 '--query is about vectors of users, and --items-only has none' -- checkpoints --to target --items-only --query "$time"
refused 2 'and --format onnx has none' -- checkpoints --to target --format onnx --query "$time"
refused 2 '--items-only is about vectors' -- checkpoints --to target --format onnx --items-only
refused 2 'no feature of queries tells them apart' -- quoted/run --to target --query "$time"
refused 4 'there are no checkpoints in this directory' -- quoted --to target --items-only
"$python" - "$(newest checkpoints)" <<'END' >damaged.h5
import h5py, sys
with h5py.File(sys.argv[1]) as file:
    vector = file["catalogue/vector"][7].tobytes()
content = open(sys.argv[1], "rb").read()
assert content.count(vector) == 1
sys.stdout.buffer.write(content.replace(vector, bytes([vector[0] ^ 1]) + vector[1:]))
END
refused 4 'damaged.h5' -- damaged.h5 --to target --items-only
[[ ! -e target ]] || fail 'a refused export made a directory'

export_on 2 checkpoints --to target --items-only
((status == 0)) || fail "exit code $status of items only"
[[ $(ls target) == $'item_ids.txt\nitem_labels.txt\nitems.npy' ]] || fail "npy is the default, of items: $(ls target)"
refused 7 'target/items.npy: this file exists already; give --force' -- checkpoints --to target --format csv,npy --items-only
refused 7 'output/below: cannot make this directory' -- checkpoints --to output/below --items-only
rm target/items.npy && mkdir target/items.npy
refused 7 'target/items.npy: this is a directory' -- checkpoints --to target --items-only --force
rmdir target/items.npy && echo old >target/items.npy
export_on 2 checkpoints --to target --items-only --force
check '--force replaces' cmp one/items.npy target/items.npy

# A disk that is too small.
mkdir disk
if mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null; then
  trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
  for format in npy csv hdf5 onnx,npy; do
    export_on 2 checkpoints --to disk --format "$format" --items-only
    ((status == 7)) || fail "exit code $status, not 7, of $format on a full disk"
    check "$format names its file and the reason" grep -qE '^trainer: error: disk/.*: cannot write this file: ' errors
    [[ -z $(ls -A disk) ]] || fail "$format left on a full disk: $(ls -A disk)"
  done
else
  echo 'NOT TESTED: a full disk. Mounting a small tmpfs needs root.'
fi
finish
