#!/usr/bin/env bash
# What `trainer recommend` and `trainer similar` list, against an independent computation from the checkpoint's numbers; the same on any
# number of ranks; and what cannot be.
#   recommend.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=exported_model.sh
. "$(dirname "$0")/exported_model.sh"
need_python h5py numpy xxhash
train_every_kind
model=$(newest checkpoints)
at=880000000

# lists RANKS FILE ARGUMENT...: recommends to all users into the file.
lists() {
  trainer_on "$1" recommend checkpoints --all-users --at "$at" --out "$2" "${@:3}"
  ((status == 0)) || fail "exit code $status of recommend: ${*:3}"
}
printf '%s\n' 100 7 1 1682 >allowed
printf '%s\n' 7 20 no-such-item >denied
printf 'user_id,timestamp,shop\n42,880000000,A\nnobody,875000000,B\n"7",890000000,A\n' >queries.csv
printf '42\n\n nobody \n42\n7\n' >users.txt
for ranks in 1 2 3; do
  mkdir "$ranks"
  lists "$ranks" "$ranks/all.csv"
  lists "$ranks" "$ranks/all.npy" -k 20 --keep-seen
  lists "$ranks" "$ranks/allowed.jsonl" --allow allowed --deny denied
  lists "$ranks" "$ranks/where.h5" --where genres=Comedy --where genres=War
  trainer_on "$ranks" recommend checkpoints --queries queries.csv --format jsonl -k 3
  cp output "$ranks/queries.jsonl"
  trainer_on "$ranks" similar checkpoints --all-items -k 5 --out "$ranks/similar.csv"
  trainer_on "$ranks" similar checkpoints --all-items -k 5 --measure dot --out "$ranks/dot.jsonl"
done
check 'what was read of the data' grep -q 'what items are like (--where): by the data of the checkpoint' <(
  trainer_on 1 recommend checkpoints --all-users --where genres=War --out where.csv
  cat errors
)
for ranks in 2 3; do
  for file in 1/*.csv 1/*.npy 1/*.jsonl; do
    check "$file on $ranks ranks" cmp "$file" "$ranks/${file#1/}"
  done
  check "where.h5 on $ranks ranks" h5diff 1/where.h5 "$ranks/where.h5"
done

cat >test.py <<'END'
import csv, json, sys
sys.path.insert(0, sys.argv[1])
import h5py, numpy as np
from gemel_checkpoint import Checkpoint

model = Checkpoint(sys.argv[2])
row_of = {item: row for row, item in enumerate(model.item_ids)}
items = model.item_vectors.astype(np.float64)
ratings = [line.split("\t") for line in open(sys.argv[3] + "/u.data")]
genres = {fields[0]: fields[5:] for fields in (line.rstrip("\n").split("|") for line in open(sys.argv[3] + "/u.item", encoding="latin-1"))}

def scores_of(user, at=880000000):
    return items @ model.query_vectors({"user_id": [user], "timestamp": [at]})[0].astype(np.float64)

def check_list(rows, scores, of_all, allowed, k):
    """The list has the best k of the allowed rows; float32 may turn the order of nearly equal scores."""
    assert len(rows) == len(set(rows)) == min(k, allowed.sum()), (len(rows), k, allowed.sum())
    assert allowed[rows].all()
    np.testing.assert_allclose(scores, of_all[rows], atol=1e-4)
    np.testing.assert_allclose(scores, np.sort(of_all[allowed])[::-1][: len(rows)], atol=1e-4)
    assert all(one > other or (one == other and a < b) for one, other, a, b in zip(scores, scores[1:], rows, rows[1:]))

# What the checkpoint keeps of users are 80 % of the ratings, without repetitions.
pairs = {(user, item) for user, item, *_ in ratings}
kept = {(user, model.item_ids[row]) for user, rows in model.seen_items.items() for row in rows}
assert kept <= pairs and 0.75 < len(kept) / len(pairs) < 0.85, (len(kept), len(pairs))
users = [user for user in model.query.features[0].rows]
every = np.ones(len(items), bool)
def unseen(user):
    allowed = every.copy()
    allowed[np.asarray(model.seen(user), dtype=int)] = False
    return allowed

# CSV, of all users, without what they have seen.
with open("1/all.csv", newline="", encoding="utf-8") as file:
    heading, *lines = csv.reader(file)
assert heading == ["query", "rank", "item", "score", "label"]
assert list(dict.fromkeys(line[0] for line in lines)) == users
by_user = {}
for user, rank, item, score, label in lines:
    by_user.setdefault(user, []).append((row_of[item], float(score)))
    assert int(rank) == len(by_user[user]) and label == model.item_labels[row_of[item]]
for user in users:
    rows, scores = zip(*by_user[user])
    check_list(list(rows), np.array(scores), scores_of(user), unseen(user), 10)

# numpy, with what they have seen.
records = np.load("1/all.npy")
assert [query.decode() for query in records["query"]] == users and not records["unknown"].any()
for record in records[::50]:
    rows = [row_of[item.decode()] for item in record["item"]]
    check_list(rows, record["score"], scores_of(record["query"].decode()), every, 20)

# JSON Lines, of items that are allowed.
allowed = every & False
allowed[[row_of[item] for item in ("100", "1", "1682")]] = True
for line in open("1/allowed.jsonl"):
    record = json.loads(line)
    rows = [row_of[item["item"]] for item in record["items"]]
    check_list(rows, np.array([item["score"] for item in record["items"]]), scores_of(record["query"]),
               allowed & unseen(record["query"]), 10)

# HDF5, of two genres.
comedy, war = 5, 17
wanted = np.array([genres[item][comedy] == "1" or genres[item][war] == "1" for item in model.item_ids])
with h5py.File("1/where.h5") as file:
    assert file["item_id"][:].astype(str).tolist() == model.item_ids and file["label"].shape == (len(items),)
    for user in range(0, len(users), 50):
        assert file["query"][user].decode() == users[user] and file["unknown"][user] == 0
        check_list(file["row"][user].tolist(), file["score"][user], scores_of(users[user]), wanted & unseen(users[user]), 10)

# Rows of a file; a user whom nobody knows.
records = [json.loads(line) for line in open("1/queries.jsonl")]
assert [(record["query"], record.get("unknown")) for record in records] == [("42", None), ("nobody", ["user_id"]), ("7", None)]
for record, at in zip(records, (880000000, 875000000, 890000000)):
    rows = [row_of[item["item"]] for item in record["items"]]
    check_list(rows, np.array([item["score"] for item in record["items"]]), scores_of(record["query"], at), unseen(record["query"]), 3)
    assert not any(item["seen"] for item in record["items"]) and len(rows) == 3

# Similar items: without the bias, which is the last column.
bare = items[:, :-1]
unit = bare / np.linalg.norm(bare, axis=1, keepdims=True)
with open("1/similar.csv", newline="", encoding="utf-8") as file:
    lists = {}
    for line in csv.DictReader(file):
        lists.setdefault(line["query"], []).append((row_of[line["item"]], float(line["score"])))
dots = {record["query"]: [(row_of[item["item"]], item["score"]) for item in record["items"]] for record in map(json.loads, open("1/dot.jsonl"))}
assert list(lists) == list(dots) == model.item_ids
for item in model.item_ids[::40]:
    others = every.copy()
    others[row_of[item]] = False
    for found, vectors in (lists, unit), (dots, bare):
        rows, scores = zip(*found[item])
        check_list(list(rows), np.array(scores), vectors @ vectors[row_of[item]], others, 5)
END
check 'the best items' "$python" test.py "$source_directory/launch" "$model" "$data"

# For people and programs.
trainer_on 1 recommend checkpoints --user 42 --at "$at" -k 4
check 'a table' grep -qE '^ +rank +score +id +title +seen$' output
check 'four items' test "$(grep -cE '^ +[1-4] .* no$' output)" = 4
check 'what is left out' grep -qE '^[0-9]+ items are left out, as the user has seen them$' output
"$python" "$source_directory/launch/gemel_checkpoint.py" "$model" --query user_id=42 --query "timestamp=$at" -k 4 >by-hand
check 'the script finds the same' diff <(cut -f 3 by-hand) <(sed -nE 's/^ +[1-4] +[-0-9.]+ +([0-9]+) .*/\1/p' output)
trainer_on 2 recommend checkpoints --user nobody --data "$data" --keep-seen --json
check 'one document' "$python" -c '
import json, sys
one = json.load(sys.stdin)
assert one["query"] == "nobody" and one["unknown"] == ["user_id"] and len(one["items"]) == 10, one
assert [item["rank"] for item in one["items"]] == list(range(1, 11)) and not one["items"][0]["seen"]' <output
trainer_on 1 recommend checkpoints --user 42 --data "$data"
check 'what the user has done' grep -qE '^user 42 in the data: [0-9]+ interactions, the best rated first$' output
trainer_on 1 similar checkpoints --item 50 --json -k 3
check 'similar items' "$python" -c 'import json, sys; assert len(json.load(sys.stdin)["items"]) == 3' <output
"${mpiexec[@]}" -n 2 "$trainer" recommend checkpoints --users - --format csv <users.txt >output 2>errors
check 'users of standard input, each once' test "$(cut -d , -f 1 output | uniq | tr '\n' ' ')" = 'query 42 nobody 7 '
check 'unknown ones are counted' grep -q '1 of 3 queries have a value that the model has not learned' errors
"$trainer" recommend checkpoints --all-users --keep-seen 2>errors | head -n 2 >output
ended=("${PIPESTATUS[@]}")
check 'a closed pipe is no error' test "${ended[0]}" = 0
check 'and nothing is said of it' test -z "$(grep -v ' info: ' errors)"
trainer_on 1 recommend checkpoints --user 42 -k 5000
check 'all items' grep -q 'there are 1682 items, and lists have all of them that are not left out' errors

# What cannot be.
refuses 2 'for whom? Name a user' recommend checkpoints
refuses_on 1 2 '--user and --all-users: give one of them' recommend checkpoints --user 1 --all-users
refuses_on 1 2 'give a whole number of at least 1' recommend checkpoints --user 42 -k 0
refuses_on 1 2 'the model has no such feature; its queries are made of user_id, timestamp' recommend checkpoints --user 42 --query age=33
refuses_on 1 2 'give whole seconds since 1970' recommend checkpoints --user 42 --at yesterday
refuses_on 1 2 'this column holds numbers; give one' recommend checkpoints --user 42 --query timestamp=noon
refuses_on 1 2 'add --query user_id=TEXT' recommend checkpoints --query timestamp=5
refuses_on 1 2 '--format npy and hdf5 are files' recommend checkpoints --all-users --format npy
refuses_on 1 2 'this name ends with none of' recommend checkpoints --all-users --out lists.txt
refuses_on 1 2 'items have no column colour' recommend checkpoints --user 42 --where colour=red --data "$data"
refuses_on 1 3 'no item of the catalogue has this value. Did you mean Comedy?' recommend checkpoints --user 42 --where genres=Comedi
refuses_on 1 3 'there are no ids in this file' recommend checkpoints --users /dev/null
refuses 3 'nothing-there' recommend checkpoints --users nothing-there
printf 'user_id,timestamp\n42,soon\n' >soon.csv
refuses 3 'soon.csv:2' recommend checkpoints --queries soon.csv
refuses 3 'the nearest labels are' similar checkpoints --item 'No such film'
refuses_on 1 2 'to which item?' similar checkpoints
refuses_on 1 4 'nowhere' recommend nowhere --user 42
refuses 7 'exists already' recommend checkpoints --all-users --out 1/all.csv
refuses_on 1 7 'no-directory' recommend checkpoints --all-users --out no-directory/lists.csv
trainer_on 2 recommend checkpoints --all-users --at "$at" --out 1/all.csv --force
check 'a file is replaced with --force' cmp 1/all.csv 2/all.csv
mkdir disk
if mount -t tmpfs -o size=40k tmpfs disk 2>/dev/null; then
  for file in full.csv full.h5 full.npy; do
    refuses 7 "$file" recommend checkpoints --all-users --out "disk/$file"
    [[ -z $(ls -A disk) ]] || fail "left on a full disk: $(ls -A disk)"
  done
  umount disk
else
  echo 'NOT TESTED: a full disk. Mounting a small tmpfs needs root.'
fi

# Without a history the data says what users have seen; where it is gone, somebody has to.
cp -r "$data" moved
train 1 plain --data moved --epochs 1
trainer_on 2 recommend plain --user 42
check 'by the data' grep -q 'what users have seen: by the data of the checkpoint' errors
rm -r moved
refuses 3 'or give --keep-seen to rank all items' recommend plain --user 42
trainer_on 2 recommend plain --user 42 --keep-seen
((status == 0)) || fail 'with --keep-seen it is not needed'
finish
