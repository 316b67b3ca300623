#!/usr/bin/env bash
# Tries training on clusters, on this one machine: a Slurm of four virtual nodes, four hosts that are network namespaces, and the pods of
# an MPIJob from the image of launch/docker/Dockerfile.
#   launch/cluster-test.sh [slurm] [hosts] [image] [--quick] [--only PATTERN] [--csv FILE] [--install]
# Prints what was tried and what came out. Ends with 1 when something does not hold, with 77 when something that it needs is not there.
#   slurm, hosts    both, unless one is named; they take about a quarter of an hour
#   image           builds the image in a Debian of debootstrap's, which takes as long again
#   --quick         a few cases of each, in 20 seconds
#   --only PATTERN  the cases whose names match the regular expression
#   --csv FILE      writes the table there, too
#   --install       installs what is missing: slurm-wlm, munge, iproute2 and others
# All of it stands below a temporary directory and is torn down at the end. It takes root.
# Environment: GEMEL_TRAINER, the program (build/release/trainer).
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

refuse() {
  printf 'gemel: error: %s; see %s --help\n' "$1" "$0" >&2
  exit 2
}
missing() {
  say "SKIPPED: $*" >&2
  exit 77
}

parts=() quick='' only=. csv='' install=''
while (($# > 0)); do
  case $1 in
    slurm | hosts | image) parts+=("$1") ;;
    --quick) quick=1 ;;
    --install) install=1 ;;
    --only | --csv)
      [[ ${2-} ]] || refuse "$1 takes a value"
      declare "${1#--}=$2"
      shift
      ;;
    *) refuse "there is no option $1" ;;
  esac
  shift
done
if ((${#parts[@]} == 0)); then parts=(slurm hosts); fi

cases_dir=$project_dir/tests/cluster
# shellcheck source=../tests/cluster/common.sh
source "$cases_dir/common.sh"
# shellcheck source=../tests/cluster/slurm_nodes.sh
source "$cases_dir/slurm_nodes.sh"
# shellcheck source=../tests/cluster/slurm_cases.sh
source "$cases_dir/slurm_cases.sh"
# shellcheck source=../tests/cluster/hosts.sh
source "$cases_dir/hosts.sh"
# shellcheck source=../tests/cluster/hosts_cases.sh
source "$cases_dir/hosts_cases.sh"
# shellcheck source=../tests/cluster/image.sh
source "$cases_dir/image.sh"
# shellcheck source=../tests/cluster/image_cases.sh
source "$cases_dir/image_cases.sh"

trainer=$(realpath -- "${GEMEL_TRAINER:-$(build_dir release)/trainer}")
[[ -x $trainer ]] || fail "there is no $trainer: build it first (launch/quickstart.sh, or cmake --preset release)"
((EUID == 0)) || missing "virtual nodes and hosts take root"
packages=(slurm-wlm munge iproute2 debootstrap hdf5-tools openmpi-bin bsdextrautils)
absent=
for part in "${parts[@]}"; do
  needs="${part}_programs[@]"
  for program in "${!needs}" h5diff h5dump mpirun column; do
    command -v "$program" >/dev/null || absent+=" $program"
  done
done
if [[ $absent && ! $install ]]; then
  missing "not here:$absent. All that is needed is in the packages ${packages[*]}; --install installs them"
elif [[ $absent ]]; then
  say "installing ${packages[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends "${packages[@]}" >/dev/null; } ||
    fail "apt-get install failed; see above"
fi

# Ranks that share cores must not spin, and all of them shall work.
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
model=(--synthetic-interactions 12000 --layers "64,32" --validate-every 10 --spare-ranks work)
short=40 long=240 minute=2500 limit=900 delays='0 0.2 0.4 0.6 0.8 1'
if [[ $quick ]]; then short=10 long=60 delays=0.2; fi

if [[ ${parts[*]} != slurm ]] && ! unshare --net true 2>/dev/null; then missing "there can be no network namespaces here"; fi

scratch=$(mktemp -d)
mark=GEMEL_CLUSTER_TEST=$scratch
: >"$scratch/table.csv"
tear_down() {
  trap '' INT TERM HUP
  stop_slurm
  stop_hosts
  end_all "$mark"
  rm -rf "$scratch"
}
trap tear_down EXIT
trap 'exit 130' INT TERM HUP
export "${mark?}"
slurm_port=$((20000 + $$ % 1000 * 10))

for part in "${parts[@]}"; do
  "start_$part" || fail "$part could not be started; see above"
  "${part}_cases"
  "stop_$part"
done

echo
{
  echo 'part,"case","expected","came out",seconds,holds'
  cat "$scratch/table.csv"
} >"$scratch/all.csv"
mv "$scratch/all.csv" "$scratch/table.csv"
print_table
if [[ $csv ]]; then cp "$scratch/table.csv" "$csv"; fi
echo
say "$cases cases, $broken of them do not hold"
((cases > 0 && broken == 0))
