#!/usr/bin/env bash
# launch/gemel_checkpoint.py computes the vectors that the trainer computed, of every kind of feature, and recommends in its order.
#   python_checkpoint.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=exported_model.sh
. "$(dirname "$0")/exported_model.sh"
need_python h5py numpy xxhash
train_every_kind
model=$(newest checkpoints)

cat >test.py <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from gemel_checkpoint import Checkpoint

model = Checkpoint(sys.argv[2])
genres = "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western".split()
columns = {"item_id": [], "title": [], "genres": []}
for line in open(sys.argv[3] + "/u.item", encoding="latin-1"):
    fields = line.rstrip("\n").split("|")
    columns["item_id"].append(fields[0])
    columns["title"].append(fields[1])
    columns["genres"].append("|".join(name for name, flag in zip(genres, fields[5:]) if flag == "1"))
assert model.item_ids == columns["item_id"] and model.item_labels == columns["title"]
vectors = model.candidate.vectors(columns)
assert vectors.shape == model.item_vectors.shape == (1682, 17)
np.testing.assert_allclose(vectors, model.item_vectors, atol=1e-5)

# The edges of buckets belong to the bucket above; an unknown user is row 0.
query = model.query
bucket = next(feature for feature in query.features if feature.kind == "bucketize")
edges = np.linspace(bucket.entry["minimum"], bucket.entry["maximum"], 100)
assert (bucket.values([edges[0]]) == bucket.table[1]).all() and (bucket.values([edges[-1]]) == bucket.table[100]).all()
assert (bucket.values([edges[0] - 1]) == bucket.table[0]).all()
vectors = query.vectors({"user_id": ["42", "nobody"], "timestamp": [880000000, 880000000]})
np.testing.assert_allclose(np.linalg.norm(vectors[:, :16], axis=1), 1, atol=1e-6)
assert (vectors[:, 16] == 1).all() and (vectors[0] != vectors[1]).any()
best = model.top_k(vectors[0], 5, without=[3])
scores = model.item_vectors.astype(np.float64) @ vectors[0].astype(np.float64)
scores[3] = -np.inf
assert [row for row, _ in best] == list(np.argsort(-scores, kind="stable")[:5]), best
EOF
check 'vectors' "$python" test.py "$source_directory/launch" "$model" "$data"

script=$source_directory/launch/gemel_checkpoint.py
"$python" "$script" "$model" --query user_id=42 --query timestamp=880000000 -k 3 >output 2>errors || fail 'the script'
check 'three items' test "$(wc -l <output)" = 3
"$python" "$script" "$model" --query user_id=42 >output 2>errors && fail 'a column is missing'
check 'which column' grep -q 'the query tower needs the column timestamp' errors
"$python" "$script" missing.h5 >output 2>errors && fail 'no such file'
finish
