#!/usr/bin/env bash
# Metrics of users do not depend on the number of ranks; a run ends when nothing improves, keeps its best checkpoint, and
# knows it after being resumed.
#   early_stopping.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
need h5dump

measured=("--metrics=accuracy,recall,ndcg,hit-rate,mrr,coverage" "--top-k=10,100" --validate-every 2)
train 1 users-1 --epochs 2 "${measured[@]}" --exclude-seen
for ranks in 2 3 8; do
  train "$ranks" "users-$ranks" --epochs 2 "${measured[@]}" --exclude-seen
  check "$ranks ranks measure what 1 measures" same users-1 "users-$ranks"
done
train 2 users-seen --epochs 2 "${measured[@]}"
! same users-1 users-seen >/dev/null || fail "leaving out seen items changes nothing"

# steps DIRECTORY: those of its checkpoints.
steps() {
  find "$1" -name 'run-001-*.h5' | sed 's/.*step-0*//; s/\.h5//' | sort -n | tr '\n' ' '
}

# A learning rate at which the accuracy soon falls again. An epoch has 24 steps.
run=(--learning-rate 0.5 --validate-every 1 --monitor top-100 --patience 3 --keep-best --checkpoint-every 0 --keep 1
  --progress lines)
on 1 "${run[@]}" --epochs 200 --checkpoint-dir whole --metrics-file whole.jsonl
((status == 0)) || fail "exit code $status where nothing improves any more"
check "the summary tells of it" grep -q '^Stopped early after epoch' output
summary=$(tail -n 1 whole.jsonl)
# epoch_in TEXT: the first one.
epoch_in() {
  grep -o '"epoch":[0-9]*' <<<"$1" | head -n 1 | cut -d : -f 2
}
best=$(epoch_in "${summary#*\"best\"}")
last=$(epoch_in "$summary")
((last == best + 3)) || fail "stopped after epoch $last, where epoch $best was the best and the patience is 3"
[[ $(steps whole) == "$((best * 24)) $((last * 24)) " ]] || fail "the checkpoints are of steps $(steps whole)"
check "the summary names the best checkpoint" grep -q "^best checkpoint: whole/run-001-step-0*$((best * 24)).h5" output
of_best=$(grep '"event":"validation"' whole.jsonl | grep "\"epoch\":$best," | head -n 1 | grep -o '"top_1":.*"top_100":[0-9.e-]*')
check "the summary has the accuracies of the best checkpoint" grep -qF "$of_best" <<<"$summary"

on 2 "${run[@]}" --epochs "$((best + 1))" --checkpoint-dir parts
on 3 "${run[@]}" --epochs 200 --checkpoint-dir parts --resume auto
check "a resumed run stops where a whole one does" same whole parts
[[ $(steps parts) == "$(steps whole)" ]] || fail "the resumed run's checkpoints are of steps $(steps parts)"
on 2 "${run[@]}" --epochs 200 --checkpoint-dir parts --resume auto
check "a run that has stopped stays so" grep -q "^Stopped early after epoch $last," output
finish
