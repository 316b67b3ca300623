# shellcheck shell=bash
# What the tests of exported files share, common.sh included: a model with every kind of feature, and its files.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# train_every_kind: trains a model on drawn data, in the directory checkpoints. Its queries are of user and timestamp.
train_every_kind() {
  draw_ratings
  train 2 checkpoints --data "$data" --layers 32,16 --normalize --batch-size 8192 --epochs 2 --average-weights 0.9 \
    --query-feature user_id:lookup:16 --query-feature 'timestamp:bucketize(100):8' \
    --query-feature timestamp:normalize --query-feature 'user_id:hash(50):8' \
    --candidate-feature title:lookup:16 --candidate-feature 'title:text(300):8' \
    --candidate-feature 'genres:list(|):8' --candidate-feature 'item_id:hash(64):8' --candidate-feature item_id:bias --store-history
}

# export_on RANKS ARGUMENT...: as `on`.
export_on() {
  trainer_on "$1" export "${@:2}"
}
