# shellcheck shell=bash
# What the tests of exported files share, common.sh included: a model with every kind of feature, and its files.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# need_python MODULE...: Python with these modules. Sets $python.
need_python() {
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import $(IFS=, && echo "$*")" 2>/dev/null; then return; fi
  done
  skip "no Python with $* (launch/install-deps.sh)"
}

# Trains a model on drawn data, in the directory checkpoints. Its queries are of user and timestamp.
train_every_kind() {
  draw_ratings
  train 2 checkpoints --data "$data" --layers 32,16 --normalize --batch-size 8192 --epochs 1 \
    --query-feature user_id:lookup:16 --query-feature 'timestamp:bucketize(100):8' \
    --query-feature timestamp:normalize --query-feature 'user_id:hash(50):8' \
    --candidate-feature title:lookup:16 --candidate-feature 'title:text(300):8' \
    --candidate-feature 'genres:list(|):8' --candidate-feature 'item_id:hash(64):8' --candidate-feature item_id:bias
}

# export_on RANKS ARGUMENT...: as `on`.
export_on() {
  status=0
  timeout 60 "${mpiexec[@]}" -n "$1" "$trainer" export "${working[@]}" "${@:2}" >output 2>errors </dev/null || status=$?
}
