#!/usr/bin/env bash
# Trains in the launcher's pod of an MPIJob, on the pods of its workers; mpijob.yaml calls it.
#   launch/kubernetes/train.sh --checkpoint-dir DIR [TRAINER ARGUMENT...]
# The directory must be on a volume that all pods share. A pod that has to go writes a checkpoint, and the next one goes on from there.
# Environment: OMPI_MCA_orte_default_hostfile, the workers and their slots (from the operator); GEMEL_TRAINER, the program
# (build/release/trainer).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
if [[ ${1-} == -h || ${1-} == --help ]]; then help_if_asked "$1"; fi

hostfile=${OMPI_MCA_orte_default_hostfile-}
[[ -r $hostfile ]] || fail "there is no list of workers '$hostfile': this is for the launcher of an MPIJob; on one machine call launch/local.sh"
trainer=${GEMEL_TRAINER:-$(build_dir release)/trainer}
[[ -x $trainer ]] || fail "there is no $trainer in this image: build one with launch/docker/Dockerfile"
ranks=$(awk '{ slots = 1; for (i = 2; i <= NF; ++i) if (sub(/^slots=/, "", $i)) slots = $i; sum += slots } END { print sum + 0 }' "$hostfile")
((ranks > 0)) || fail "$hostfile names no workers"

arguments=(train "$@")
checkpoints=$(option_value --checkpoint-dir "" "$@")
[[ $checkpoints ]] || fail "say where checkpoints are kept, on a volume that all pods share: --checkpoint-dir DIR"
mkdir -p "$checkpoints"
add_default --metrics-file "$checkpoints/metrics.jsonl"
add_default --resume auto
add_default --progress lines
export OMP_NUM_THREADS
OMP_NUM_THREADS=$(option_value --threads 1 "$@")

say "$ranks ranks of $OMP_NUM_THREADS threads on $(awk '{ print $1 }' "$hostfile" | paste -sd ' ')"
# Kubernetes keeps the pods to their processors; within them the ranks are left to the scheduler.
run_stoppable mpirun -n "$ranks" --bind-to none -x OMP_NUM_THREADS "${deaf[@]}" "$trainer" "${arguments[@]}"
