#!/usr/bin/env bash
# Times gemel beside PyTorch on this machine, or its kernels beside what the machine could do; --help explains.
#   launch/benchmark.sh [--data DIR | --large] [--layers 64,32] [--epochs 5] [--rounds 3] [--json FILE]
#   launch/benchmark.sh --kernels [--json FILE]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Numbers with a point, whatever the user's language.
export LC_ALL=C.UTF-8

help() {
  cat <<'END_OF_HELP'
Times whole training jobs on MovieLens 100K: gemel, and a PyTorch port of the same tutorial with the same settings
(tests/benchmark/pytorch_tutorial.py).

  launch/benchmark.sh [OPTION...]
  launch/benchmark.sh --kernels [--json FILE]

  --data DIR       the data set; otherwise $GEMEL_DATA/ml-100k, $GEMEL_DATA or data/ml-100k
  --large          a data set that is made up here instead: a million users with an interaction each, 100 000 items
  --layers WIDTHS  widths of each tower's dense layers (64,32; with --large 256,128,64)
  --batch-size N   of a global batch (2048; with --large 16384)
  --epochs N       epochs of a job (5; with --large 2)
  --rounds N       how often each job is run (3; with --large 1)
  --cores LIST     numbers of cores to compare at, up to 8 (1,2)
  --json FILE      write the figures there, too
  --kernels        time single kernels of gemel instead of jobs, and nothing of PyTorch; goes with --json alone

On 1 core it runs gemel on 1 rank and PyTorch with 1 thread; on n > 1 cores gemel on n ranks, PyTorch with n threads,
gemel on 1 rank with n threads, and PyTorch's DistributedDataParallel with n processes, whose in-batch negatives are
those of one process: less work, and another model. PyTorch's tables have dense gradients once and sparse ones once (with
DistributedDataParallel those that suit the data: sparse with --large, else dense). Jobs of gemel and of PyTorch alternate,
round after round, so that whatever else the machine does meets both.

A job's time is the median of its epochs, without start-up and evaluation; a figure is its median over the rounds,
"least" the shortest of all epochs. "times" is how often the figure fits into PyTorch's best on as many cores: above 1
is faster than PyTorch. "evaluation" is the time to rank the whole catalogue for all test examples, once. Loss and top-100
accuracy after the last epoch, and every epoch's time, are in the JSON file. Run it on a machine that does nothing else:
the load is shown before and after.

For PyTorch it sets what PyTorch's users should set themselves: OMP_NUM_THREADS, the path of OpenBLAS where Debian has put
one beside the slow reference BLAS, and MALLOC_... without which glibc returns the big buffers of every step to the kernel.

  launch/benchmark.sh --data data/ml-100k --rounds 5 --json benchmark.json
  launch/benchmark.sh --large

--kernels builds and runs tests/benchmark/kernels_benchmark: dense layers, the loss, exponentials, looking up, coalescing and
updating rows of tables, sums over lanes, top-K searches, and the deal of an epoch, each on one core. The first
lines, limit/..., are what the machine can do: multiply-adds in registers of the widest vectors it has, and memcpy. Kernels
that compute tell GFLOP/s and "of_peak", their share of that peak; kernels that move data tell GB/s, read and written, and
"of_copy", their share of the rate of a memcpy within as much memory as the kernel goes through. 1 is the limit; a kernel that
reads more than it writes may pass it. Time is that of the core, so others' work on the machine takes part only through
shared caches and memory, and through the clock.

  launch/benchmark.sh --kernels --json kernels.json

Jobs need jq, a built trainer, and a Python with PyTorch and NumPy (Debian: python3-torch libopenblas0-openmp), which it
never installs; kernels need Google Benchmark (Debian: libbenchmark-dev). The exit code is 2 when there is no such Python or
no data, or an option cannot be; 1 when something else fails.
Environment: GEMEL_TRAINER, the program (build/release/trainer); GEMEL_PYTHON, the Python (the first of python3 and
/usr/bin/python3 that has PyTorch); GEMEL_BUILD, where kernels are built (build/); GEMEL_KERNELS, a kernels_benchmark that is
built already.
END_OF_HELP
}

refuse() {
  printf 'gemel: error: %s\n' "$*" >&2
  exit 2
}

data='' large='' layers='' batch_size='' epochs='' rounds='' cores=1,2 json='' kernels='' given=()
while (($# > 0)); do
  option=$1
  case $option in
    -h | --help)
      help
      exit 0
      ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
  esac
  case $1 in
    --kernels | --large)
      [[ $option != *=* ]] || refuse "$1 takes no value; see $0 --help"
      [[ $1 == --kernels ]] || given+=("$1")
      declare "${1#--}=yes"
      shift
      ;;
    --data | --layers | --batch-size | --epochs | --rounds | --cores | --json)
      [[ ${2-} ]] || refuse "$1 takes a value; see $0 --help"
      [[ $1 == --json ]] || given+=("$1")
      name=${1#--}
      declare "${name//-/_}=$2"
      shift 2
      ;;
    *) refuse "there is no option $option; see $0 --help" ;;
  esac
done
[[ ! $large || ! $data ]] || refuse "--large makes data of its own, so --data would mean nothing; see $0 --help"
if [[ $large ]]; then
  layers=${layers:-256,128,64} batch_size=${batch_size:-16384} epochs=${epochs:-2} rounds=${rounds:-1}
else
  layers=${layers:-64,32} batch_size=${batch_size:-2048} epochs=${epochs:-5} rounds=${rounds:-3}
fi
for option in layers cores; do
  [[ ${!option} =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] ||
    refuse "--$option takes numbers with commas between them, not '${!option}'"
done
for option in batch_size epochs rounds; do
  [[ ${!option} =~ ^[1-9][0-9]*$ ]] || refuse "--${option//_/-} takes a number from 1 on, not '${!option}'"
done
if [[ $json ]]; then
  folder=$(dirname "$json")
  [[ -d $folder && -w $folder && ! -d $json ]] ||
    refuse "$json: cannot be written: its folder is not there or not writable, or it is a folder itself"
fi

load() { cut -d ' ' -f 1-3 /proc/loadavg; }

time_kernels() {
  local program=${GEMEL_KERNELS-} load_before
  if [[ ! $program ]]; then
    build release kernels_benchmark
    program=$(build_dir release)/kernels_benchmark
  fi
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  load_before=$(load)
  OMP_NUM_THREADS=1 "$program" --benchmark_counters_tabular=true \
    --benchmark_out="$scratch/figures" --benchmark_out_format=json || fail "$program ended with an error; see above"
  say "load $load_before before, $(load) after"
  if [[ $json ]]; then
    cat "$scratch/figures" >"$json"
    say "the figures are in $json"
  fi
}

if [[ $kernels ]]; then
  ((${#given[@]} == 0)) || refuse "--kernels times no jobs, so ${given[*]} would mean nothing; see $0 --help"
  time_kernels
  exit
fi

if [[ ! $large ]]; then
  data=${data:-$(find_data)}
  [[ $data ]] || refuse "there is no MovieLens 100K: get it with data/fetch_movielens.sh, or name its folder with --data"
  for file in u.data u.item; do
    [[ -r $data/$file ]] || refuse "--data: cannot read $data/$file; data/README.md says how to get MovieLens 100K"
  done
fi
command -v jq >/dev/null || refuse "there is no jq: run launch/install-deps.sh, which installs it"

# Leaves in `python` a Python that has what the port needs, in torch_version the version of its PyTorch, in torch_mkl
# whether that has a BLAS of its own.
find_python() {
  local found probe='import numpy, torch; print(torch.__version__, torch.backends.mkl.is_available())'
  local candidates=(python3 /usr/bin/python3)
  if [[ ${GEMEL_PYTHON-} ]]; then candidates=("$GEMEL_PYTHON"); fi
  for python in "${candidates[@]}"; do
    found=$("$python" -c "$probe" 2>/dev/null) || continue
    read -r torch_version torch_mkl <<<"$found"
    return
  done
  refuse "there is no PyTorch with NumPy for ${candidates[*]}. On Debian: apt-get install python3-torch" \
    "libopenblas0-openmp; or name a Python that has them: GEMEL_PYTHON=... $0"
}
find_python

# No buffer is mapped and unmapped by itself, as the batch_size x batch_size logits would be. Memory that is free stays with
# the process, up to 8 GiB.
pytorch_environment=(MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=67108864)
for folder in /usr/lib/*/openblas-openmp /usr/lib/*/openblas-pthread; do
  if [[ -e $folder/libblas.so.3 ]]; then
    pytorch_environment+=("LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
    break
  fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: >"$scratch/jobs"
data_text="MovieLens 100K in $data"
if [[ $large ]]; then
  data=$scratch/data data_text='made-up data, 1 000 000 users and interactions, 100 000 items'
  mkdir "$data"
  "$python" "$project_dir/tests/benchmark/make_large_data.py" "$data"
fi

# record SYSTEM WAY CORES FILTER FILE: appends to $scratch/jobs, as a line, what the jq filter makes of a job's FILE.
record() {
  local numbers='(.epochs | length) > 0 and all(.epochs[], .evaluation; type == "number")'
  if ! {
    jq -c -n --arg system "$1" --arg way "$2" --argjson cores "$3" \
      "[inputs] | {\$system, \$way, \$cores} + ($4)" "$5" >"$scratch/job" &&
      jq -e "$numbers" "$scratch/job" >"$scratch/verdict"
  } 2>"$scratch/output"; then
    cat "$scratch/output" >&2
    fail "$1, $2, did not tell how long its epochs and its evaluation took"
  fi
  cat "$scratch/job" >>"$scratch/jobs"
}

# gemel CORES WAY RANKS THREADS
gemel() {
  rm -rf "$scratch/checkpoints" "$scratch/metrics"
  "$project_dir/launch/local.sh" -n "$3" train --data "$data" --layers "$layers" --batch-size "$batch_size" \
    --epochs "$epochs" --threads "$4" --validate-every 0 --checkpoint-dir "$scratch/checkpoints" --metrics-file "$scratch/metrics" --progress none \
    >"$scratch/output" 2>&1 || job_failed "gemel, $2"
  record gemel "$2" "$1" '{epochs: map(select(.event == "epoch").seconds)}
    + (map(select(.event == "summary"))[0] | {evaluation: .evaluation_seconds, loss, top_100})' "$scratch/metrics"
}

# pytorch CORES WAY PROCESSES THREADS [--sparse]. Variables that make OpenBLAS take the processor for another one do not count.
pytorch() {
  env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "${pytorch_environment[@]}" OMP_NUM_THREADS="$4" \
    "$python" "$project_dir/tests/benchmark/pytorch_tutorial.py" --data "$data" --layers "$layers" \
    --batch-size "$batch_size" --epochs "$epochs" --threads "$4" --ddp "$3" "${@:5}" >"$scratch/result" 2>"$scratch/output" || job_failed "PyTorch, $2"
  record PyTorch "$2" "$1" \
    '.[0] | {epochs: .epoch_seconds.all, evaluation: .evaluation_seconds, loss, top_100}' "$scratch/result"
}

job_failed() {
  cat "$scratch/output" >&2
  fail "$1, ended with an error; see above"
}

run_jobs() {
  if (($1 == 1)); then
    gemel 1 '1 rank' 1 1
    pytorch 1 '1 thread' 1 1
    pytorch 1 '1 thread, sparse' 1 1 --sparse
  else
    gemel "$1" "$1 ranks" "$1" 1
    pytorch "$1" "$1 threads" 1 "$1"
    gemel "$1" "1 rank x $1 threads" 1 "$1"
    pytorch "$1" "$1 threads, sparse" 1 "$1" --sparse
    pytorch "$1" "DDP, $1 processes${large:+, sparse}" "$1" 1 ${large:+--sparse}
  fi
}

# Everything measured, as one JSON document.
summarise() {
  # shellcheck disable=SC2016  # the dollars are jq's
  jq -s --arg data "$data_text" --arg layers "$layers" --argjson batch_size "$batch_size" --argjson epochs "$epochs" --argjson rounds "$rounds" \
    --arg cpu "$cpu" --argjson cores "$machine_cores" --arg before "$load_before" --arg after "$(load)" \
    --arg version "$torch_version" --arg environment "${pytorch_environment[*]} OMP_NUM_THREADS=threads" '
    def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
    def numbers: split(" ") | map(tonumber);
    . as $jobs | (length / $rounds) as $ways    # every round has the same jobs, in the same order
    | [range($ways) as $way
       | [range($way; $jobs | length; $ways) as $job | $jobs[$job]]
       | (.[0] | {cores, system, way, loss, top_100})
         + {epoch_seconds: map(.epochs | median) | median, least: map(.epochs[]) | min,
            evaluation_seconds: map(.evaluation) | median, rounds: map(.epochs)}]
    | map(select(.system == "PyTorch")) as $pytorch
    | map(.cores as $cores | ($pytorch | map(select(.cores == $cores).epoch_seconds) | min) as $best
      | .times_pytorch = $best / .epoch_seconds)
    | {machine: {$cpu, $cores, load_before: $before | numbers, load_after: $after | numbers},
       pytorch: {$version, $environment}, settings: {$data, $layers, $batch_size, $epochs, $rounds}, figures: .}' "$scratch/jobs"
}

# From that document, the table.
show() {
  printf '%5s  %-8s %-24s %10s %10s %12s %8s\n' cores '' '' 's/epoch' least evaluation times
  # shellcheck disable=SC2016  # the dollars are jq's
  jq -r '.figures[] | [.cores, .system, .way, .epoch_seconds, .least, .evaluation_seconds, .times_pytorch] | @tsv' \
    "$scratch/summary" | while IFS=$'\t' read -r -a figure; do
    printf '%5d  %-8s %-24s %10.3f %10.3f %12.3f %8.2f\n' "${figure[@]}"
  done
}

cpu=$(lscpu 2>/dev/null | sed -n 's/^Model name: *//p' | head -n 1) || true
cpu=${cpu:-unknown processor}
machine_cores=$(available_cores)
load_before=$(load)
say "$cpu, $machine_cores cores, load $load_before"
say "$data_text, layers $layers, batches of $batch_size, $epochs epochs, $rounds rounds"
say "for PyTorch $torch_version of $python: ${pytorch_environment[*]} and OMP_NUM_THREADS"
if [[ $torch_mkl != True && ${pytorch_environment[*]} != *LD_LIBRARY_PATH* ]]; then
  say "there is no OpenBLAS: if PyTorch has to do with the slow reference BLAS, the comparison is unfair" \
    "(Debian: apt-get install libopenblas0-openmp)" >&2
fi
for ((round = 1; round <= rounds; ++round)); do
  say "round $round of $rounds"
  for number in ${cores//,/ }; do
    if ((round == 1 && number > machine_cores)); then
      say "figures for $number cores mean nothing here: this machine has $machine_cores to give" >&2
    fi
    run_jobs "$number"
  done
done

summarise >"$scratch/summary"
show
say "load $load_before before, $(jq -r '.machine.load_after | join(" ")' "$scratch/summary") after"
if [[ $json ]]; then
  cat "$scratch/summary" >"$json"
  say "the figures are in $json"
fi
