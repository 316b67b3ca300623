#!/usr/bin/env bash
# launch/benchmark.sh, with stand-ins for the trainer and for the Python with PyTorch, but with the real mpirun and jq.
#   benchmark_test.sh PROJECT
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail
source "$(dirname "$0")/files.sh"
need jq jq
benchmark_sh=$1/launch/benchmark.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
unset GEMEL_BUILD GEMEL_DATA

# stand_in NAME: a program of that name, from standard input.
stand_in() {
  mkdir -p bin
  { echo '#!/usr/bin/env bash'; cat; } >"bin/$1"
  chmod +x "bin/$1"
}
check() {
  if ! "${@:2}"; then
    printf 'FAILED: %s\n' "$1"
    sed 's/^/  | /' output
    failures=1
  fi
}
benchmark() {
  status=0
  rm -f order
  "$benchmark_sh" "$@" >output 2>&1 </dev/null || status=$?
}
says() { grep -qE -- "$1" output; }
# refuses TEXT: an error that says TEXT, with exit code 2, before any job.
refuses() { [[ $status == 2 && ! -e order ]] && grep -F 'gemel: error: ' output | grep -qF -- "$1"; }
ordered() { diff - order >>output; }
# figure WAY MEMBER: of the JSON document.
figure() { jq -c --arg way "$1" ".figures[] | select(.way == \$way).$2" figures.json; }

# The shell function `option NAME ARGUMENT...` of both stand-ins, and how many jobs of a kind there have been.
cat >stand_in.sh <<'END_OF_STAND_IN'
option() { local name=$1; shift; while [[ $1 != "$name" ]]; do shift; done; echo "$2"; }
note() { echo "$*" >>"$order"; job=$(grep -cFx "$*" "$order"); }
END_OF_STAND_IN
stand_in trainer <<'END'
source "$stand_in"
[[ $OMPI_COMM_WORLD_RANK == 0 ]] || exit 0
note "gemel: $OMPI_COMM_WORLD_SIZE x $(option --threads "$@"), epochs $(option --epochs "$@"), layers $(option --layers "$@"), batch $(option --batch-size "$@")"
if [[ ${GEMEL_FAILS-} ]]; then echo "the trainer's reason" >&2; exit 5; fi
case $OMPI_COMM_WORLD_SIZE-$(option --threads "$@")-$job in
  1-1-1) seconds='0.5 0.125 8' ;;
  1-1-2) seconds='0.25 0.25 0.25' ;;
  1-1-3) seconds='4 4 4' ;;
  2-*) seconds='0.25 0.25 0.25' ;;
  1-2-*) seconds='0.5 0.5 0.5' ;;
esac
{
  for epoch in $seconds; do echo '{"event":"epoch","seconds":'"$epoch"'}'; done
  echo '{"event":"validation","seconds":77}'
  echo '{"event":"summary","evaluation_seconds":0.0625,"loss":7.5,"top_100":0.125}'
} >"$(option --metrics-file "$@")"
END
stand_in python <<'END'
source "$stand_in"
if [[ $1 == -c ]]; then [[ ! ${NO_TORCH-} ]] || exit 1; echo '1.2.3 False'; exit; fi
if [[ $1 == */make_large_data.py ]]; then touch "$2/u.data" "$2/u.item"; exit; fi
if [[ "$*" == *' --sparse' ]]; then gradients=' sparse' worse=1; else gradients='' worse=0; fi
[[ -e $(option --data "$@")/u.data ]] || exit 9
note "PyTorch: $(option --ddp "$@") x $(option --threads "$@")$gradients, epochs $(option --epochs "$@")," \
  "layers $(option --layers "$@"), batch $(option --batch-size "$@")"
echo "${OPENBLAS_CORETYPE-none} $MALLOC_MMAP_MAX_ $MALLOC_TRIM_THRESHOLD_ $OMP_NUM_THREADS" >>"$order.environment"
if [[ ${PYTORCH_FAILS-} ]]; then echo "the port's reason" >&2; exit 1; fi
if [[ ${PYTORCH_SAYS-} ]]; then echo "$PYTORCH_SAYS"; exit; fi
case $(option --ddp "$@")-$(option --threads "$@") in
  1-1) seconds=$((2 + worse)),2,$((2 + worse)) ;;
  1-2) seconds=1,1,1 ;;
  2-1) seconds=0.75,0.75,0.5 ;;
esac
echo '{"epoch_seconds":{"all":['"$seconds"']},"evaluation_seconds":0.25,"loss":7.25,"top_100":0.5}'
END
stand_in nproc <<'END'
echo 1
END
export stand_in=$scratch/stand_in.sh order=$scratch/order
export GEMEL_TRAINER=$scratch/bin/trainer GEMEL_PYTHON=$scratch/bin/python OPENBLAS_CORETYPE=Prescott
mkdir ml-100k
touch ml-100k/u.data ml-100k/u.item

benchmark --data ml-100k --layers 8,4 --epochs=3 --rounds 3 --json figures.json
check "jobs that go well end with 0" test "$status" = 0
round='gemel: 1 x 1, epochs 3, layers 8,4, batch 2048
PyTorch: 1 x 1, epochs 3, layers 8,4, batch 2048
PyTorch: 1 x 1 sparse, epochs 3, layers 8,4, batch 2048
gemel: 2 x 1, epochs 3, layers 8,4, batch 2048
PyTorch: 1 x 2, epochs 3, layers 8,4, batch 2048
gemel: 1 x 2, epochs 3, layers 8,4, batch 2048
PyTorch: 1 x 2 sparse, epochs 3, layers 8,4, batch 2048
PyTorch: 2 x 1, epochs 3, layers 8,4, batch 2048'
check "gemel and PyTorch alternate, round after round" ordered <<<"$round"$'\n'"$round"$'\n'"$round"
check "a figure is the median over rounds of the median epoch" test "$(figure '1 rank' epoch_seconds)" = 0.5
check "the least is over all epochs" test "$(figure '1 rank' least)" = 0.125
check "every epoch is told" test "$(figure '1 rank' rounds)" = '[[0.5,0.125,8],[0.25,0.25,0.25],[4,4,4]]'
check "PyTorch's epochs are read" test "$(figure 'DDP, 2 processes' epoch_seconds)" = 0.75
check "the ratio at 1 core" test "$(figure '1 rank' times_pytorch)" = 4
check "the ratio at 2 cores is to the best of PyTorch there" test "$(figure '2 ranks' times_pytorch)" = 3
check "each way has its ratio" test "$(figure '1 rank x 2 threads' times_pytorch)" = 1.5
check "PyTorch's best is the measure" test "$(figure 'DDP, 2 processes' times_pytorch)" = 1
check "PyTorch's others are below it" test "$(figure '2 threads' times_pytorch)" = 0.75
check "sparse gradients are a way of their own" test "$(figure '1 thread, sparse' epoch_seconds)" = 3
check "gemel's evaluation is told" test "$(figure '2 ranks' evaluation_seconds)" = 0.0625
check "PyTorch's evaluation is told" test "$(figure '2 threads' evaluation_seconds)" = 0.25
check "losses and accuracies are told" test "$(figure '1 rank' loss) $(figure '1 thread' top_100)" = '7.5 0.5'
check "the machine is told" \
  test "$(jq '.machine.cores > 0 and (.machine.load_before + .machine.load_after | length == 6)' figures.json)" = true
check "the settings are told" test "$(jq -c .settings figures.json)" = \
  '{"data":"MovieLens 100K in ml-100k","layers":"8,4","batch_size":2048,"epochs":3,"rounds":3}'
check "the table has a line for each way of gemel" says '^ +1  gemel    1 rank +0\.500 +0\.125 +0\.062 +4\.00$'
check "the table has a line for each way of PyTorch" says '^ +2  PyTorch  DDP, 2 processes +0\.750 +0\.500 +0\.250 +1\.00$'
check "what is set for PyTorch is said" says '^gemel: for PyTorch 1\.2\.3 of .*/python: MALLOC_MMAP_MAX_=0 .*OMP_NUM_THREADS$'
check "PyTorch gets what is set for it" test "$(sort -u order.environment)" = 'none 0 8589934592 1
none 0 8589934592 2'

benchmark --data ml-100k --rounds 2 --cores 1 --json figures.json
check "other cores are left out" ordered <<'END'
gemel: 1 x 1, epochs 5, layers 64,32, batch 2048
PyTorch: 1 x 1, epochs 5, layers 64,32, batch 2048
PyTorch: 1 x 1 sparse, epochs 5, layers 64,32, batch 2048
gemel: 1 x 1, epochs 5, layers 64,32, batch 2048
PyTorch: 1 x 1, epochs 5, layers 64,32, batch 2048
PyTorch: 1 x 1 sparse, epochs 5, layers 64,32, batch 2048
END

check "of two rounds the median is the middle" test "$(figure '1 rank' epoch_seconds)" = 0.375

benchmark --large --cores 2 --json figures.json
check "the large job has data and settings of its own" ordered <<'END'
gemel: 2 x 1, epochs 2, layers 256,128,64, batch 16384
PyTorch: 1 x 2, epochs 2, layers 256,128,64, batch 16384
gemel: 1 x 2, epochs 2, layers 256,128,64, batch 16384
PyTorch: 1 x 2 sparse, epochs 2, layers 256,128,64, batch 16384
PyTorch: 2 x 1 sparse, epochs 2, layers 256,128,64, batch 16384
END
check "what it is made of is told" says 'made-up data, 1 000 000 users'
benchmark --large --data ml-100k
check "the large job takes no data" refuses '--large makes data of its own'

ln -s python bin/python3
GEMEL_PYTHON='' GEMEL_DATA=$scratch PATH=$scratch/bin:$PATH benchmark --rounds 1 --cores 2
check "Python and data are found" test "$status" = 0
check "more cores than there are is said" says '^gemel: figures for 2 cores mean nothing here: this machine has 1 to give'

benchmark --help
check "help is no error" test "$status" = 0
check "help explains the ratio" says '"times" is how often'
NO_TORCH=1 benchmark --data ml-100k
check "without PyTorch there is a remedy" refuses 'apt-get install python3-torch libopenblas0-openmp'
benchmark --data ml-100k --colour red
check "an unknown option is an error" refuses 'there is no option --colour'
benchmark --data
check "an option without a value is an error" refuses '--data takes a value'
benchmark --data ml-100k --rounds 0
check "no rounds are an error" refuses "--rounds takes a number from 1 on, not '0'"
benchmark --data ml-100k --layers 64,
check "wrong layers are an error" refuses "--layers takes numbers with commas between them, not '64,'"
benchmark --data nowhere
check "missing data are an error" refuses 'cannot read nowhere/u.data'
benchmark --data ml-100k --json nowhere/figures.json
check "a folder that is not there is an error" refuses 'nowhere/figures.json: cannot be written'

# Kernels, with a stand-in for their program, too.
stand_in kernels <<'END'
source "$stand_in"
note "kernels, $OMP_NUM_THREADS thread"
echo 'a table'
if [[ ${KERNELS_FAIL-} ]]; then echo "the kernels' reason" >&2; exit 5; fi
for argument; do
  if [[ $argument == --benchmark_out=* ]]; then echo '{"benchmarks":[]}' >"${argument#*=}"; fi
done
END
export GEMEL_KERNELS=$scratch/bin/kernels
NO_TORCH=1 benchmark --kernels --json kernels.json
check "kernels need neither data nor PyTorch" test "$status" = 0
check "only the kernels run" ordered <<<'kernels, 1 thread'
check "what they tell is shown" says '^a table$'
check "the load is shown" says '^gemel: load .* before, .* after$'
check "their figures are kept" test "$(<kernels.json)" = '{"benchmarks":[]}'
KERNELS_FAIL=1 benchmark --kernels --json kernels.json
check "kernels that fail are an error" test "$status" = 1
check "their reason is shown" says "^the kernels' reason"
check "an error leaves earlier figures of kernels" test "$(<kernels.json)" = '{"benchmarks":[]}'
benchmark --kernels --rounds 2 --layers 8
check "kernels with options of jobs are an error" refuses '--kernels times no jobs, so --rounds --layers would mean nothing'
benchmark --kernels=all
check "kernels with a value are an error" refuses '--kernels takes no value'
benchmark --kernels --json nowhere/figures.json
check "kernels with a folder that is not there are an error" refuses 'nowhere/figures.json: cannot be written'

echo earlier >kept.json
GEMEL_FAILS=1 benchmark --data ml-100k --json kept.json
check "a trainer that fails is an error" test "$status" = 1
check "the trainer's reason is shown" says "^the trainer's reason"
check "the job is named" says '^gemel: error: gemel, 1 rank, ended with an error'
check "an error leaves earlier figures" test "$(<kept.json)" = earlier
PYTORCH_FAILS=1 benchmark --data ml-100k
check "a port that fails is an error" test "$status" = 1
check "the port's reason is shown" says "^the port's reason"
for answer in nonsense '{}' '{"epoch_seconds":{"all":[]},"evaluation_seconds":1}'; do
  PYTORCH_SAYS=$answer benchmark --data ml-100k
  check "the answer $answer is an error" test "$status" = 1
  check "the answer $answer is told" says 'PyTorch, 1 thread, did not tell how long its epochs'
done

((failures == 0)) && echo "all benchmark checks passed"
exit "$failures"
