#!/usr/bin/env bash
# trainer inspect, diff and verify say what h5py reads in the files, on any number of ranks; what is wrong with a file has its exit code.
#   inspect.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need_python h5py

train 1 checkpoints --synthetic-users 200 --synthetic-items 100 --synthetic-interactions 4000 --batch-size 512 \
  --layers 24,16 --average-weights 0.9 --epochs 4 --checkpoint-every 2 --keep 3
last=$(newest checkpoints)
first=$(find checkpoints -name '*.h5' | sort | head -n 1)

for ranks in 1 2 3; do
  trainer_on "$ranks" inspect checkpoints --json
  ((status == 0)) || fail "inspect on $ranks ranks: exit code $status"
  mv output "inspect-$ranks.json"
  trainer_on "$ranks" diff "$first" "$last" --json
  ((status == 8)) || fail "diff on $ranks ranks: exit code $status"
  mv output "diff-$ranks.json"
done
for ranks in 2 3; do
  check "inspect on $ranks ranks" cmp inspect-1.json "inspect-$ranks.json"
  check "diff on $ranks ranks" cmp diff-1.json "diff-$ranks.json"
done

check 'what h5py reads' "$python" - "$first" "$last" <<'EOF'
import json, sys
import h5py, numpy as np
first, last = (h5py.File(path, "r") for path in sys.argv[1:])
summary = json.load(open("inspect-1.json"))
assert summary["path"] == sys.argv[2], summary["path"]
assert summary["epoch"] == 4 and summary["step"] == last.attrs["step"]
assert summary["settings"]["layers"] == "24 16" and summary["settings"]["epochs"] == "4", summary["settings"]
assert summary["candidates"] == len(last["catalogue/vector"])
np.testing.assert_array_equal(summary["history"]["loss"], last["history/loss"])
assert list(summary["history"])[:3] == ["loss", "top_1", "top_5"]
for parameter in summary["parameters"]:
    path = parameter["path"]
    values = last[path].__array__().astype(np.float64)
    assert "average" in path, path
    assert list(values.shape) == parameter["shape"]
    np.testing.assert_allclose(parameter["norm"], np.linalg.norm(values), rtol=1e-12)
    np.testing.assert_allclose(parameter["largest"], abs(values).max(), rtol=1e-12)
weights = [last[f"query/{path}"] for path in ("tables/user_id_lookup/weights", "tables/timestamp_bucketize/weights")]
assert summary["towers"]["query"]["table_parameters"] == sum(table.size for table in weights)
users = last["query/vocabulary/user_id_lookup"].asstr()[1:6]
heads = {feature["declaration"]: feature["vocabulary_head"] for feature in summary["towers"]["query"]["features"]}
assert heads["user_id:lookup:32"] == list(users), heads

found = {entry["path"]: entry for entry in json.load(open("diff-1.json"))["datasets"]}
values, others = (file["catalogue/vector"].__array__().astype(np.float64) for file in (first, last))
entry = found["/catalogue/vector"]
assert entry["differing"] == (values != others).sum()
np.testing.assert_allclose(entry["largest"], abs(values - others).max(), rtol=1e-12)
np.testing.assert_allclose(entry["relative"], np.linalg.norm(values - others) / np.linalg.norm(values), rtol=1e-9)
assert "/catalogue/id" not in found
EOF

trainer_on 1 inspect "$last"
check 'the table of inspect' grep -q '^  loss .*█' output
trainer_on 2 verify checkpoints
((status == 0)) || fail 'verify: sound ones are refused'
check 'verify names both' test "$(grep -c '^sound ' output)" = 2

cp "$last" same.h5
trainer_on 1 diff "$last" same.h5
((status == 0)) || fail 'diff: a copy differs'
check 'equal ones' grep -q '^equal: ' output

# A value of a table is another one.
"$python" - same.h5 <<'EOF'
import h5py, sys
with h5py.File(sys.argv[1]) as file:
    place = file["query/tables/user_id_lookup/weights"].id.get_offset() + 400
with open(sys.argv[1], "r+b") as file:
    file.seek(place)
    byte = file.read(1)
    file.seek(place)
    file.write(bytes([byte[0] ^ 1]))
EOF
trainer_on 2 verify "$last" same.h5 --json
((status == 4)) || fail "verify: exit code $status of a damaged file"
check 'what verify found' "$python" -c 'import json
sound, damaged = json.load(open("output"))
assert sound["sound"] and not damaged["sound"] and "rows 0 to" in damaged["fault"], damaged'
# Another tool that writes to it leaves no file of ours.
cp "$last" written.h5
"$python" -c 'import h5py, sys; h5py.File(sys.argv[1], "r+")["query/tables/user_id_lookup/weights"][3, 0] += 1' written.h5
trainer_on 1 verify written.h5
((status == 4)) || fail "verify: exit code $status of a file that another tool has written to"

# Names of files need not be UTF-8.
odd=$(printf 'caf\351.h5')
cp "$last" "$odd"
for command in "inspect $odd" "verify $odd" "diff $odd $odd"; do
  # shellcheck disable=SC2086  # words
  trainer_on 2 $command --json
  ((status == 0)) || fail "exit code $status of: $command --json"
  check "$command" "$python" -c 'import json; json.load(open("output", encoding="utf-8"))'
done

mkdir empty
refuses 4 'no such file' inspect missing.h5
refuses 4 'not an HDF5 file' diff "$last" output
refuses 4 'there are no checkpoints in this directory' verify empty
refuses 2 'trainer diff: B is missing' diff "$last"
finish
