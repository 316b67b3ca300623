#!/usr/bin/env bash
# The towers that `trainer export --format onnx` writes, in a runtime of other people: onnxruntime, which npm brings. NOT TESTED where npm
# cannot, in CI too: nothing of gemel needs it.
#   onnx.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=exported_model.sh
. "$(dirname "$0")/exported_model.sh"
need_python numpy h5py
mkdir runtime
# The oldest version that the page names. Its binaries are in the package itself.
if ! (cd runtime && timeout 120 npm install --ignore-scripts --no-audit --no-fund onnxruntime-node@1.14.0) >output 2>&1 ||
  ! (cd runtime && node -e 'require("onnxruntime-node")') >>output 2>&1; then
  sed 's/^/  | /' output
  echo 'NOT TESTED: the towers were not run, since npm does not bring onnxruntime-node here'
  exit 77
fi
train_every_kind
export_on 3 checkpoints --to files --format npy,onnx --query timestamp=880000000
((status == 0)) || fail "exit code $status of export"

# The inputs of every user and item, from the data and by the rules on the page alone.
cat >inputs.py <<'END'
import ctypes, ctypes.util, json, re, string, sys

data, directory = sys.argv[1:]
lines = lambda path: open(path, encoding="utf-8").read().splitlines()
xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
xxhash.XXH3_64bits.restype = ctypes.c_uint64
hashed = lambda text, rows: xxhash.XXH3_64bits(text.encode(), ctypes.c_size_t(len(text.encode()))) % rows
def rows_of(parts, name, unknown):
    row = {text: number for number, text in enumerate(lines(f"{directory}/candidate_{name}.txt"))}
    lists = [[row.get(part, unknown) for part in one] for one in parts]
    longest = max(map(len, lists))
    return [one + [-1] * (longest - len(one)) for one in lists]

users = lines(f"{directory}/user_ids.txt") + ["nobody"]
query = {"user_id": users, "timestamp": [880000000] * len(users), "user_id_hash": [hashed(user, 50) for user in users]}

genres = ("unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical Mystery "
          "Romance Sci-Fi Thriller War Western").split()
fields = {line.split("|")[0]: line.split("|") for line in lines(f"{data}/u.item")}
items = lines(f"{directory}/item_ids.txt")
titles = [fields[item][1] for item in items]
words = [title.lower().translate(str.maketrans("", "", string.punctuation)).split() for title in titles]
of_item = [[genre for genre, flag in zip(genres, fields[item][5:]) if flag == "1"] for item in items]
candidate = {"item_id": items, "title": titles, "item_id_hash": [hashed(item, 64) for item in items],
             "title_text": rows_of(words, "title_text", 1), "genres_list": rows_of(of_item, "genres_list", 0)}
json.dump({"query": query, "candidate": candidate}, sys.stdout)
END
"$python" inputs.py "$data" files >inputs.json 2>errors || fail 'the inputs cannot be made'
cat >run.js <<'END'
const ort = require('./runtime/node_modules/onnxruntime-node');
const fs = require('fs');
const inputs = JSON.parse(fs.readFileSync('inputs.json'));
function tensor(values) {
  if (typeof values[0] === 'string') return new ort.Tensor('string', values, [values.length]);
  const dims = Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length];
  return new ort.Tensor('int64', BigInt64Array.from(values.flat(), BigInt), dims);
}
(async () => {
  for (const tower of ['query', 'candidate']) {
    const session = await ort.InferenceSession.create(`files/${tower}.onnx`);
    const feeds = {};
    for (const name of session.inputNames) feeds[name] = tensor(inputs[tower][name]);
    const {vector} = await session.run(feeds);
    console.log(tower, session.inputNames.slice().sort().join(), vector.dims.join('x'));
    fs.writeFileSync(`${tower}.bin`, Buffer.from(vector.data.buffer, vector.data.byteOffset, vector.data.byteLength));
  }
})().catch((error) => { console.error(error); process.exit(1); });
END
node run.js >output 2>errors || fail 'the towers do not run'
check 'queries are of these inputs' grep -qx 'query timestamp,user_id,user_id_hash 944x17' output
check 'candidates are of these' grep -qx 'candidate genres_list,item_id,item_id_hash,title,title_text 1682x17' output
"$python" - >output 2>errors <<'END' || fail 'the vectors are not ours'
import numpy as np
users, items = np.load("files/users.npy"), np.load("files/items.npy")
theirs = np.fromfile("query.bin", "<f4").reshape(-1, 17)
for ours, of_runtime in (users, theirs[:-1]), (items, np.fromfile("candidate.bin", "<f4").reshape(-1, 17)):
    print("largest difference", np.abs(ours - of_runtime).max())
    assert np.abs(ours - of_runtime).max() < 1e-5
# Who is not in the vocabulary is unknown, and nobody's double.
assert np.isfinite(theirs).all() and np.abs(users - theirs[-1]).max(axis=1).min() > 1e-5
END
cat output
finish
