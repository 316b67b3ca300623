#!/usr/bin/env bash
# The launch scripts, with a stand-in for the trainer, and stand-ins for apt, Slurm and PBS, but with the real mpirun.
#   launch_test.sh PROJECT
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail
project=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
unset GEMEL_BUILD GEMEL_DATA GEMEL_HOME GEMEL_LAUNCHER

# stand_in NAME: a program of that name, from standard input, found before the real one.
stand_in() {
  mkdir -p "$scratch/bin"
  { echo '#!/usr/bin/env bash'; cat; } >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}
check() {
  if ! "${@:2}"; then
    printf 'FAILED: %s\n' "$1"
    sed 's/^/  | /' "$scratch/output"
    failures=1
  fi
}
says() { grep -qE -- "$1" "$scratch/output"; }
says_not() { ! says "$1"; }
times() { [[ $(grep -cE -- "$2" "$scratch/output") == "$1" ]]; }
run() {
  status=0
  "$@" >"$scratch/output" 2>&1 </dev/null || status=$?
}
ended_with() { [[ $status == "$1" ]]; }
# run_and_signal RANKS "SIGNAL..." COMMAND...: sends the signals, half a second apart, once all ranks run.
run_and_signal() {
  local signal tries=0
  : >"$scratch/output" # or the ranks of the run before might be taken for this one's
  set -m
  "${@:3}" >"$scratch/output" 2>&1 </dev/null &
  set +m
  until times "$1" 'runs$' || ((++tries > 200)); do sleep 0.1; done
  for signal in $2; do
    kill "-$signal" $!
    sleep 0.5
  done
  status=0
  wait $! || status=$?
}

# "exit N": ends with N. "killed": rank 1 is. "wait": runs until SIGUSR1, and then ends with 6. "deaf": runs for half a minute.
stand_in trainer <<'END'
# Bash cannot trap what it was started deaf to, as the trainer can.
[[ ${HEARS-} ]] || HEARS=1 exec env --default-signal=USR1,USR2 bash "$0" "$@"
asked=
trap 'asked=1' USR1
trap 'echo got USR2' USR2
if [[ $* == *deaf* ]]; then trap '' USR1; fi
rank=${OMPI_COMM_WORLD_RANK:-${SLURM_PROCID:-0}}
echo "rank $rank has the arguments: $*, threads: $OMP_NUM_THREADS"
echo "rank $rank runs"
for ((i = 1; i <= $#; ++i)); do
  if [[ ${!i} == exit ]]; then echo "rank $rank fails" >&2; next=$((i + 1)); exit "${!next}"; fi
  if [[ ${!i} == killed ]]; then [[ $rank != 1 ]] || kill -KILL $$; sleep 10; fi
  if [[ ${!i} == wait || ${!i} == deaf ]]; then
    for ((tick = 0; tick < 300; ++tick)); do
      [[ ! $asked ]] || exit 6
      sleep 0.1
    done
    exit 1
  fi
done
END
export PATH=$scratch/bin:$PATH GEMEL_TRAINER=$scratch/bin/trainer
cd "$scratch" || exit 1

local_sh=$project/launch/local.sh
run "$local_sh" -n 3 train --layers 64,32 "two words" --progress none
check "local.sh passes its arguments on" says '^rank 2 has the arguments: train --layers 64,32 two words --progress none, threads: 1$'
check "local.sh starts the ranks that it is told" times 3 'runs$'
check "local.sh ends with 0" ended_with 0
run "$local_sh" --lanes 1
check "local.sh starts at most one rank a lane" times 1 'runs$'
run "$local_sh" -n 1 --threads=2
check "OpenMP has the trainer's threads" says 'threads: 2$'
run "$local_sh" -n 1 exit 4
check "local.sh ends with the trainer's code" ended_with 4
check "an error shows once" says_not '[Mm]pirun|Primary job|^-+$'
run "$local_sh" -n none
check "a wrong rank count is a usage error" ended_with 2
GEMEL_TRAINER=$scratch/nothing run "$local_sh"
check "local.sh says how to build" says 'launch/quickstart.sh builds it'
for signal in INT TERM HUP USR1; do
  run_and_signal 2 "$signal" "$local_sh" -n 2 train wait
  check "SIG$signal asks for a checkpoint" ended_with 6
done
run_and_signal 2 "USR2 USR1" "$local_sh" -n 2 train wait
check "SIGUSR2 goes to all ranks" times 2 'got USR2$'
check "and does not end them" ended_with 6
run_and_signal 2 TERM "$local_sh" -n 2 recommend wait
check "a signal ends a command that is no training" ended_with 143
run_and_signal 2 "" "$local_sh" -n 2 killed
check "a rank that is killed is told" says '^gemel: rank 1 on .* was ended by signal 9 \(SIGKILL\); out of memory\?'
check "and nothing else of mpirun's" says_not '[Mm]pirun|Primary job|^-+$'
check "and the exit code is that of the signal" ended_with 137
SECONDS=0
run_and_signal 2 "INT INT" "$local_sh" -n 2 train deaf
check "a second SIGINT does not wait for the checkpoint" test "$SECONDS" -lt 15
check "a second SIGINT is no orderly end" test "$status" != 0 -a "$status" != 6

# An mpirun that has lost its ranks.
mkdir "$scratch/hung"
printf '#!/usr/bin/env bash\nsleep 1\nread -r _ <> <(:)\n' >"$scratch/hung/mpirun"
chmod +x "$scratch/hung/mpirun"
SECONDS=0
PATH=$scratch/hung:$PATH run "$local_sh" -n 2 train
check "an mpirun that hangs is killed" says 'did not end after its ranks had: killed$'
check "within seconds" test "$SECONDS" -lt 20
check "and the exit code is that of an internal error" ended_with 1

# The quickstart, in a checkout without data.
mkdir -p "$scratch/checkout/data"
cp -r "$project/launch" "$scratch/checkout"
cp "$project/data/fetch_movielens.sh" "$scratch/checkout/data"
stand_in curl <<'END'
exit 6
END
cd "$scratch/checkout" || exit 1
run launch/quickstart.sh --epochs 3
check "without MovieLens the quickstart trains on synthetic data" says 'SYNTHETIC'
check "by its recipe" says 'arguments: train --epochs 3 --config launch/recipes/synthetic.ini --checkpoint-dir checkpoints/quickstart '
check "and recommends" says '^rank 0 has the arguments: recommend checkpoints/quickstart --user 7 '
check "and ends with 0" ended_with 0
run launch/quickstart.sh --config launch/recipes/tutorial.ini
check "a configuration for MovieLens does not look for it" says 'arguments: train --config [^ ]* --data built-in synthetic data '
run launch/quickstart.sh --data "my data"
check "other data is trained on by a recipe" says 'arguments: train --data my data --config launch/recipes/movielens-100k.ini '
check "without users that it may not have" says_not '^rank 0 has the arguments: recommend'
check "what to type next can be typed" says "^  $GEMEL_TRAINER recommend checkpoints/quickstart --user ID +# "
run launch/quickstart.sh --train-file ratings.csv --checkpoint-dir "my models"
check "a file is trained on by the trainer's defaults" says 'arguments: train --train-file ratings.csv --checkpoint-dir my models --progress'
check "names with blanks are quoted" says "inspect 'my models' "
run launch/quickstart.sh exit 3
check "the quickstart ends with the trainer's code" ended_with 3
check "and does not go on" says_not 'recommend'
mkdir data/ml-100k && : >data/ml-100k/u.data
run launch/quickstart.sh
check "MovieLens is found" says 'arguments: train --data [^ ]*/data/ml-100k --config launch/recipes/movielens-100k.ini '
cd "$scratch" || exit 1
rm "$scratch/bin/curl"

# A job script, as the batch systems run it.
export SLURM_SUBMIT_DIR=$project SLURM_JOB_ID=7 SLURM_JOB_NAME=towers SLURM_NTASKS=2 SLURM_CPUS_PER_TASK=3
export SLURM_JOB_NODELIST='n[1-2]'
checkpoints=$scratch/checkpoints
stand_in srun <<'END'
if [[ $1 == --mpi=list ]]; then echo "MPI plugin types are... none pmix"; exit; fi
echo "srun $*"
while [[ $1 == -* ]]; do shift; done
exec env OMP_NUM_THREADS="$OMP_NUM_THREADS" "$@"
END
stand_in scontrol <<'END'
echo "scontrol $*"; kill $PPID
END
train_sbatch=$project/launch/slurm/train.sbatch
run_and_signal 1 USR1 "$train_sbatch" --checkpoint-dir "$checkpoints" wait
check "Slurm's warning queues the job again" says '^scontrol requeue 7$'
check "srun gets ranks and threads" says '^srun --mpi=pmix --ntasks=2 --cpus-per-task=3 '
check "the trainer gets its options" says "train --checkpoint-dir $checkpoints wait --metrics-file $checkpoints/.* --resume auto --threads 3 .*, threads: 3"
run_and_signal 1 TERM "$train_sbatch" --checkpoint-dir "$checkpoints" wait
check "a cancelled job stays cancelled" says_not scontrol
check "a cancelled job ends with 6" ended_with 6
run "$train_sbatch" --checkpoint-dir "$checkpoints" exit 3
check "a failed job stays down" says_not scontrol
check "a failed job has the trainer's code" ended_with 3
unset SLURM_JOB_ID SLURM_NTASKS SLURM_CPUS_PER_TASK SLURM_JOB_NODELIST

export PBS_O_WORKDIR=$project PBS_JOBID=9 PBS_JOBNAME=towers PBS_NODEFILE=$scratch/nodes
printf 'localhost\nlocalhost\nlocalhost\n' >"$PBS_NODEFILE"
stand_in qstat <<'END'
printf "Job Id: 9\n    Resource_List.select = 1:ncpus=3:\n\tmpiprocs=3\n    Resource_List.walltime = 00:00:06\n"
END
stand_in qsub <<'END'
echo "qsub $*"
END
stand_in mpirun <<END
while [[ \$1 != "$GEMEL_TRAINER" ]]; do echo "mpirun \$1"; shift; done
exec "\$@" wait
END
run "$project/launch/pbs/train.pbs"
check "PBS's walltime submits the job again" says "^qsub -N towers -v GEMEL_HOME=$project,.* -l select=1:ncpus=3:mpiprocs=3 -l walltime=00:00:06 $project/launch/pbs/train.pbs"
check "the ranks are those of the node file" says '^mpirun 3$'
check "the job ends with the trainer's code" ended_with 6

# The launcher of an MPIJob, as the operator starts it.
printf 'gemel-worker-0.gemel.default.svc slots=2\ngemel-worker-1.gemel.default.svc slots=3\n' >"$scratch/hostfile"
export OMPI_MCA_orte_default_hostfile=$scratch/hostfile
stand_in mpirun <<END
while [[ \$1 != "$GEMEL_TRAINER" ]]; do echo "mpirun \$1"; shift; done
exec "\$@"
END
train_sh=$project/launch/kubernetes/train.sh
run "$train_sh" --threads 2 --checkpoint-dir "$checkpoints" exit 4
check "an MPIJob has as many ranks as its workers have slots" says '^mpirun 5$'
check "it goes on from its newest checkpoint" \
  says "arguments: train --threads 2 --checkpoint-dir $checkpoints exit 4 --metrics-file $checkpoints/.* --resume auto .*, threads: 2"
check "it ends with the trainer's code" ended_with 4
run_and_signal 1 TERM "$train_sh" --checkpoint-dir "$checkpoints" wait
check "a launcher that has to go writes a checkpoint" ended_with 6
run "$train_sh"
check "without a place for checkpoints it says what is missing" says 'on a volume that all pods share: --checkpoint-dir DIR'
unset OMPI_MCA_orte_default_hostfile
run "$train_sh" --checkpoint-dir "$checkpoints"
check "without the operator it says where it belongs" says 'this is for the launcher of an MPIJob'
rm "$scratch/bin/mpirun"

# What is installed already is not asked for.
stand_in dpkg-query <<'END'
for name; do
  case $name in
    -*) ;;
    shellcheck) echo "shellcheck ${ABSENT:-installed}" ;;
    *) echo "$name installed" ;;
  esac
done
END
stand_in apt-get <<'END'
echo "apt-get $*"
END
stand_in sudo <<'END'
"$@"
END
run "$project/launch/install-deps.sh"
check "nothing is installed twice" says_not apt-get
ABSENT=config-files run "$project/launch/install-deps.sh"
check "what is missing is said" says 'installing 1 packages: shellcheck'
check "what is missing is installed" ended_with 0

# A build tree that another checkout left behind.
stand_in cmake <<'END'
echo "cmake $*"
END
mkdir -p "$scratch/build/ci"
touch "$scratch/build/ci/old_object"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere" >"$scratch/build/ci/CMakeCache.txt"
stand_in ctest <<'END'
echo "ctest $*"; exit 8
END
GEMEL_BUILD=$scratch/build run "$project/launch/test.sh" -R some
check "a moved checkout starts afresh" says "starting $scratch/build/ci afresh: it was built from /elsewhere"
check "the old tree is gone" test ! -e "$scratch/build/ci/old_object"
check "CTest gets the arguments" says "^ctest --test-dir $scratch/build/ci .* -R some"
check "the exit code is CTest's" ended_with 8

# The quickstart builds what it runs.
mkdir -p "$scratch/build/release"
cp "$scratch/bin/trainer" "$scratch/build/release"
GEMEL_TRAINER='' GEMEL_BUILD=$scratch/build run "$scratch/checkout/launch/quickstart.sh" --checkpoint-dir models
check "the quickstart builds the trainer" says '^cmake --build [^ ]*/build/release .*--target trainer'
check "and runs it" says '^gemel: build/release/trainer recommend models '
check "to the end" ended_with 0

((failures == 0)) && echo "all launch checks passed"
exit "$failures"
