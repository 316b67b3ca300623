#!/usr/bin/env bash
# Runs the trainer on this machine, on several ranks.
#   launch/local.sh [-n RANKS] [TRAINER ARGUMENT...]
#   launch/local.sh -n 4 train --data data/ml-100k --layers 64,32
# RANKS: as many as there are cores, at most one per lane (--lanes, 8 unless given). Control-C writes a checkpoint and ends
# with code 6, at the next step of a training; a second one ends at once, as the first does with other commands. SIGUSR2 writes a
# checkpoint and goes on. The exit code is the trainer's; a rank that was killed is told.
# Environment: GEMEL_TRAINER, the program (build/release/trainer); any OMPI_MCA_... that is set already stays as it is.
set -euo pipefail
# A signal that comes while this script gets ready is heeded later.
# shellcheck disable=SC2064
for signal in INT TERM HUP USR1; do trap "stop_signal=\${stop_signal:-$signal}" "$signal"; done
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "${1-}"  # the trainer has help of its own: launch/local.sh train --help

ranks=
case ${1-} in
  -n | -np | --ranks)
    ranks=${2-}
    [[ $ranks =~ ^[1-9][0-9]*$ ]] || { printf 'gemel: error: %s takes a number of ranks, not "%s"\n' "$1" "$ranks" >&2; exit 2; }
    shift 2
    ;;
esac

trainer=${GEMEL_TRAINER:-$(build_dir release)/trainer}
[[ -x $trainer ]] || fail "there is no $trainer yet: launch/quickstart.sh builds it, or 'cmake --preset release && cmake --build --preset release'"
command -v mpirun >/dev/null || fail "there is no mpirun: run launch/install-deps.sh"

cores=$(available_cores)
threads=$(option_value --threads 1 "$@")
lanes=$(option_value --lanes 8 "$@")
# What the trainer will refuse is left to the trainer to explain.
[[ $threads =~ ^[1-9][0-9]*$ ]] || threads=1
[[ $lanes =~ ^[1-9][0-9]*$ ]] || lanes=8
if [[ ! $ranks ]]; then
  ranks=$((cores / threads))
  ranks=$((ranks < 1 ? 1 : ranks > lanes ? lanes : ranks))
fi

export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}
# Bound ranks of two runs at once would share the first cores, whatever else is idle.
export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
if ((ranks * threads > cores)); then
  export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
fi
# Threads that wait for work sleep rather than spin: the other ranks need the cores.
export OMP_NUM_THREADS=$threads OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

arguments=("$@")
# mpirun gives its ranks a terminal even when it writes to a file itself, so the trainer cannot know.
if [[ ! -t 1 && ${1-} =~ ^(train|--.*)?$ ]]; then add_default --progress lines; fi

# Other commands write no checkpoints.
trains=
if [[ ${1-} =~ ^(train|-.*)?$ ]]; then trains=1; fi
run_stoppable mpirun -n "$ranks" "${deaf[@]}" "$trainer" "${arguments[@]}"
