#!/usr/bin/env bash
# The number of ranks and of threads never changes a bit of the result.
#   invariance.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
draw_ratings

run=(--data "$data" "--layers=64,32" --epochs 3 --validate-every 3)
train 1 ranks-1 "${run[@]}"
for ranks in 2 3 4 5 8; do
  train "$ranks" "ranks-$ranks" "${run[@]}"
  check "$ranks ranks give what 1 gives" same ranks-1 "ranks-$ranks"
done
for ranks in 1 2; do
  train "$ranks" "threads-$ranks" "${run[@]}" --threads 2
  check "$ranks ranks with 2 threads give what 1 gives with 1" same ranks-1 "threads-$ranks"
done

for optimizer in rowwise-adagrad adamw; do
  run_of=(--data "$data" --epochs 2 --optimizer "$optimizer" --weight-decay 0.05 --clip-norm 100
    --learning-rate-schedule cosine --warmup-steps 20)
  train 1 "$optimizer-1" "${run_of[@]}"
  train 3 "$optimizer-3" "${run_of[@]}" --threads 2
  check "3 ranks with $optimizer give what 1 gives" same "$optimizer-1" "$optimizer-3"
done

# Nor with other losses: the ranks draw the same negatives, and share the catalogue.
losses=(--data "$data" --epochs 2 --loss-reduction mean --learning-rate 2)
drawn=(--extra-negatives 500 --negative-distribution popularity --negative-power 0.75 --logq-correction
  --logq-strength 0.8 --hard-negatives 100 --remove-accidental-hits)
whole=(--negatives catalogue --temperature 0.8 --learned-temperature --label-smoothing 0.1 --partition-weight 0.9)
masked=(--mask-seen --exclude-seen --extra-negatives 200 --weight-column rating)
train 1 masked-1 "${losses[@]}" "${masked[@]}"
train 1 drawn-1 "${losses[@]}" "${drawn[@]}"
train 1 whole-1 "${losses[@]}" "${whole[@]}"
for ranks in 2 3 4 8; do
  train "$ranks" "drawn-$ranks" "${losses[@]}" "${drawn[@]}" --threads 2
  check "$ranks ranks with extra negatives give what 1 gives" same drawn-1 "drawn-$ranks"
  train "$ranks" "whole-$ranks" "${losses[@]}" "${whole[@]}" --placement sharded
  check "$ranks ranks with the catalogue as negatives give what 1 gives" same whole-1 "whole-$ranks"
  train "$ranks" "masked-$ranks" "${losses[@]}" "${masked[@]}" --threads 2
  check "$ranks ranks with seen items masked give what 1 gives" same masked-1 "masked-$ranks"
done
train 1 unmasked-1 "${losses[@]}" "${masked[@]:1}"
! same masked-1 unmasked-1 >/dev/null || fail 'masking seen items changes nothing'
h5dump -d /loss/log_temperature "$(newest whole-3)" >output 2>errors || fail 'a learned temperature is not in the checkpoint'

# Nor do regularisation and other shapes of the model.
regular=(--data "$data" "--layers=64,32" --epochs 2 --normalize --item-bias --temperature 0.2 --dropout 0.1
  --query-dropout 0.1 --candidate-dropout 0.2 --embedding-l2 0.01 --average-weights 0.99 --embedding-range 0.01)
train 1 regular-1 "${regular[@]}"
for ranks in 3 4 8; do
  train "$ranks" "regular-$ranks" "${regular[@]}" --threads 2
  check "$ranks ranks with dropout, biases and averages give what 1 gives" same regular-1 "regular-$ranks"
done
# Nor do lists on the query tower, which travel with their examples.
lists=(--data "$data" "--layers=16" --epochs 2 --query-feature 'user_id:list(1):8' --query-feature 'user_id:text(50):4'
  --query-feature user_id:lookup:8 --query-feature timestamp:normalize --unknown-share 0.1 --metrics "accuracy,recall")
train 1 lists-1 "${lists[@]}"
for ranks in 3 4; do
  train "$ranks" "lists-$ranks" "${lists[@]}" --threads 2
  check "$ranks ranks with lists of queries give what 1 gives" same lists-1 "lists-$ranks"
  train "$ranks" "sharded-lists-$ranks" "${lists[@]}" --placement sharded
  check "$ranks ranks with lists of queries in sharded tables give what 1 gives" same lists-1 "sharded-lists-$ranks"
done
factors=(--data "$data" --layers none --epochs 2 --query-feature user_id:lookup:16
  --candidate-feature item_id:lookup:16 --query-dropout 0.1)
train 1 factors-1 "${factors[@]}"
for ranks in 2 3 8; do
  train "$ranks" "factors-$ranks" "${factors[@]}" --placement item_id=sharded
  check "$ranks ranks without dense layers give what 1 gives" same factors-1 "factors-$ranks"
done

# Nor does the place of the tables; one has fewer rows than there are ranks.
tables=(--data "$data" --layers=16 --embedding-dim 8 --epochs 2 --validate-every 2 --clip-norm 100
  --query-feature user_id:lookup --query-feature 'user_id:hash(500)' --query-feature 'rating:hash(3)'
  --query-feature timestamp:normalize --candidate-feature title:lookup --candidate-feature 'title:text(10000)'
  --candidate-feature 'genres:list(|)')
train 1 tables-1 "${tables[@]}"
for ranks in 2 3 8; do
  train "$ranks" "sharded-$ranks" "${tables[@]}" --placement sharded
  check "tables sharded over $ranks ranks give what 1 gives" same tables-1 "sharded-$ranks"
  train "$ranks" "mixed-$ranks" "${tables[@]}" --placement replicated --placement user_id_hash=sharded \
    --placement rating=sharded --placement title_text=sharded
  check "some tables sharded over $ranks ranks give what 1 gives" same tables-1 "mixed-$ranks"
done

# The comparison tells runs apart: another seed, of the same run otherwise.
train 2 seed "${run[@]}" --seed 43
! same ranks-1 seed >/dev/null || fail "another seed gives the same checkpoint"
h5diff "$(newest ranks-1)" "$(newest seed)" /query/tables/user_id_lookup/weights >difference 2>&1
(($? == 1)) || fail "another seed gives the same embeddings"

# A number of lanes that is no power of two, and batches that it does not divide.
small=(--lanes 6 --batch-size 100 --epochs 1)
train 1 lanes-1 "${small[@]}"
for ranks in 4 6; do
  train "$ranks" "lanes-$ranks" "${small[@]}"
  check "6 lanes on $ranks ranks give what 1 gives" same lanes-1 "lanes-$ranks"
done
finish
