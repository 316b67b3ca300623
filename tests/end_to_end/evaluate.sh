#!/usr/bin/env bash
# trainer evaluate: the figures of the training run, bit for bit, on any number of ranks; groups; other data; and what is refused.
#   evaluate.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq

# evaluate RANKS ARGUMENT...: sets $status; prints into the files output and errors.
evaluate() {
  trainer_on "$1" evaluate "${@:2}"
}

# What a run or an evaluation has measured, without what else it tells.
figures='with_entries(select(.key | test("^(top|recall|ndcg|hit_rate|mrr|coverage)_[0-9]+$")))'
trained() { jq -S "select(.event == \"summary\") | {part, model: ($figures), popularity, random}" "$1"; }
evaluated() { jq -S '{part, model, popularity, random}' output; }

# as_trained NAME ARGUMENT...: a run of that name, and its checkpoint on other numbers of ranks.
as_trained() {
  train 2 "$1" --metrics-file "$1.jsonl" "${@:2}"
  trained "$1.jsonl" >expected
  local path
  path=$(jq -r 'select(.event == "summary") | if .best.checkpoint // "" == "" then .checkpoint else .best.checkpoint end' "$1.jsonl")
  for ranks in 1 2 3 4; do
    evaluate "$ranks" "$path" --json
    check "exit code $status of $1 on $ranks ranks" test "$status" = 0
    check "$1 on $ranks ranks: the figures of the training run" diff expected <(evaluated)
  done
}
draw_ratings
small=(--data "$data" --epochs 2 --lanes 4 --layers 16 --batch-size 4096)
as_trained plain "${small[@]}" --average-weights 0.9
as_trained users "${small[@]}" --split leave-last-two-out --metrics accuracy,recall,ndcg,hit-rate,mrr,coverage --top-k 1,10 \
  --exclude-seen train-and-validation --placement sharded
as_trained best --synthetic-interactions 9000 --epochs 3 --validation-fraction 0.1 --validate-every 1 --monitor loss --keep-best \
  --query-feature user_id:lookup --candidate-feature item_id:lookup --item-bias --lanes 4

# Parts and groups: every example is in one group of a decile.
for by in popularity activity timestamp user_id; do
  evaluate 3 plain --by "$by" --json
  check "--by $by has groups of all examples" jq -e '([.groups[].examples] | add) == .examples' output >/dev/null
  check "--by $by: accuracies of all are the means of the groups" \
    jq -e '(([.groups[] | .examples * .model.top_10] | add) / .examples - .model.top_10) | fabs < 1e-12' output >/dev/null
  jq -S . output >of_three
  evaluate 1 plain --by "$by" --json
  check "--by $by on one rank and on three" diff of_three <(jq -S . output)
done
evaluate 1 users --part validation --by popularity
check 'a table for people' grep -q 'metrics of the users with validation examples' output
evaluate 2 plain --part all --json
check 'all examples' jq -e '.part == "all" and .examples == 100000' output >/dev/null

# Other data: an item that the catalogue lacks is missed, a user that the model lacks is counted.
printf '%s\t%s\t5\t%s\n' 1 1 880000000 2 99999 880000001 stranger 2 880000002 >other.tsv
for ranks in 1 3; do
  evaluate "$ranks" plain --train-file other.tsv --file-format pairs --part all --top-k 1000000 --metrics accuracy,recall --json
  check "unknown items and users on $ranks ranks" \
    jq -e '.examples == 3 and .examples_with_unknown_item == 1 and .examples_with_unknown_user == 1
           and .model.top_1000000 == 2 / 3 and .random.top_1000000 == 2 / 3' output >/dev/null
done
{ printf '1 11\n2 12 13\n'; } >train.txt
{ printf '1 12\n2 11\n'; } >test.txt
evaluate 1 best --train-file train.txt --test-file test.txt
check 'other data that comes in parts is not evaluated with a checkpoint of another catalogue' test "$status" = 3

# refuses CODE PATTERN ARGUMENT...: on two ranks where it is not about options alone.
refuses() {
  local ranks=2
  (($1 != 2)) || ranks=1
  evaluate "$ranks" "${@:3}"
  ((status == $1)) || fail "exit code $status, not $1, of: ${*:3}"
  grep -qE -- "$2" errors || fail "no '$2' in the message of: ${*:3}"
  [[ ! -s output ]] || fail "prints something: ${*:3}"
}
refuses 2 '--top-k 0' plain --top-k 0
refuses 2 '--part testing: .*validation' plain --part testing
refuses 2 '--by nothing: .*timestamp.*title' plain --by nothing
refuses 2 'CHECKPOINT|checkpoint' --json
refuses 3 'no such' plain --data nowhere
refuses 3 '--part validation: .* no such examples' plain --part validation
printf '1\tno-such-item\t5\t880000000\n2\tnor-this\t5\t880000000\n' >stranger.tsv
refuses 3 'a checkpoint of another catalogue' plain --train-file stranger.tsv --file-format pairs --part all
refuses 4 'no checkpoint|no such|cannot be opened' nowhere.h5
head -c 20000 "$(newest plain)" >damaged.h5
refuses 4 'damaged.h5' damaged.h5
finish
