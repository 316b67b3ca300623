# shellcheck shell=bash
# What the launch scripts share. To be sourced.

project_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# In containers everything runs as root, which mpirun refuses unless it is told twice.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# mpirun ends a job when it has not heard of a host for five seconds. By itself it would wait for eight minutes.
export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-2}
export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-1}
export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}

# One line that tells what happens next.
say() { printf 'gemel: %s\n' "$*"; }

# help_if_asked ARGUMENT...: where one of them asks for help, prints the comment that the script begins with and ends it.
help_if_asked() {
  local argument
  for argument; do
    if [[ $argument != -h && $argument != --help ]]; then continue; fi
    sed -n -e '2,/^[^#]/s/^#\( \|$\)//p' "$0"
    exit 0
  done
}

fail() {
  printf 'gemel: error: %s\n' "$*" >&2
  exit 1
}

# Physical cores that this process may use: what its affinity allows (nproc would obey OMP_NUM_THREADS, too), without
# hyper-threads, within the processor quota of a container.
available_cores() {
  local cores physical quota period
  cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
  physical=$(lscpu --parse=core,socket 2>/dev/null | grep -v '^#' | sort -u | wc -l) || physical=0
  if ((physical > 0 && physical < cores)); then cores=$physical; fi
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [[ $quota != max ]]; then
    quota=$(((quota + period - 1) / period))
    if ((quota < cores)); then cores=$quota; fi
  fi
  echo "$cores"
}

# option_value NAME DEFAULT ARGUMENT...: the value that the arguments give to an option, as "NAME value" or "NAME=value".
option_value() {
  local name=$1 value=$2
  shift 2
  while (($# > 0)); do
    case $1 in
      "$name") value=${2-} ;;
      "$name"=*) value=${1#*=} ;;
    esac
    shift
  done
  echo "$value"
}

# has_option NAME ARGUMENT...
has_option() {
  local name=$1 argument
  shift
  for argument; do
    if [[ $argument == "$name" || $argument == "$name"=* ]]; then return 0; fi
  done
  return 1
}

# add_default NAME VALUE: appends an option to the array `arguments`, unless it is there.
add_default() { has_option "$1" "${arguments[@]}" || arguments+=("$1" "$2"); }

# Prints the folder of MovieLens 100K, or nothing.
find_data() {
  local folder
  for folder in ${GEMEL_DATA:+"$GEMEL_DATA/ml-100k" "$GEMEL_DATA"} "$project_dir/data/ml-100k"; do
    if [[ -r $folder/u.data ]]; then
      echo "$folder"
      return
    fi
  done
}

# Where the tree of a preset is built.
build_dir() { echo "${GEMEL_BUILD:-$project_dir/build}/$1"; }

# build PRESET [TARGET]: configures and builds. A tree that another checkout left there is started afresh; one that
# belongs to another user is refused, with the remedy.
build() {
  local preset=$1 dir home foreign target=()
  if (($# > 1)); then target=(--target "$2"); fi
  dir=$(build_dir "$preset")
  mkdir -p "$dir" 2>/dev/null || true
  foreign=$(find "$dir" ! -writable -print -quit 2>/dev/null) || true
  if [[ ! -d $dir || $foreign ]]; then
    fail "$(id -un) may not write to ${foreign:-$dir}. Run 'sudo chown -R $(id -un) \"$(dirname "$dir")\"'," \
      "or build elsewhere: GEMEL_BUILD=\"\$HOME/gemel-build\" $0"
  fi
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt" 2>/dev/null) || true
  if [[ $home && $home != "$project_dir" ]]; then
    say "starting $dir afresh: it was built from $home"
    rm -rf "$dir"
    mkdir -p "$dir"
  fi

  say "configuring preset $preset in $dir"
  if ! (cd "$project_dir" && cmake --preset "$preset" -B "$dir") >"$dir/configure.log" 2>&1; then
    cat "$dir/configure.log" >&2
    fail "CMake could not configure; if something is missing, try $project_dir/launch/install-deps.sh. If $dir is at fault, remove it."
  fi
  say "building with $(available_cores) jobs"
  cmake --build "$dir" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(available_cores)}" "${target[@]}"
}

# run_stoppable COMMAND...: runs a command that SIGUSR1 asks to write a checkpoint and end with code 6, and returns its exit
# code. SIGINT, SIGTERM, SIGHUP and SIGUSR1 to this shell become SIGUSR1 to the command; a second SIGINT goes
# through as it is and ends the command at once. mpirun and srun pass SIGUSR1 on to every rank, whereas mpirun answers
# SIGTERM and SIGINT by killing the ranks within two seconds. Leaves the first signal's name in stop_signal.
run_stoppable() {
  local status=0
  stop_signal=
  child=
  trap 'ask_to_stop INT' INT
  trap 'ask_to_stop TERM' TERM
  trap 'ask_to_stop HUP' HUP
  trap 'ask_to_stop USR1' USR1
  # In a process group of its own, so that Control-C reaches only this shell.
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  # A signal that came before there was a child.
  if [[ $stop_signal ]]; then kill -USR1 "$child" 2>/dev/null || true; fi
  # Not one long wait: a signal just before it begins would be heeded only after it. Nor a process that sleeps, again and again: to
  # start one takes a core from a rank for milliseconds. Nothing ever comes through this pipe.
  local nothing
  exec {nothing}<> <(:)
  while kill -0 "$child" 2>/dev/null; do read -r -t 0.2 -u "$nothing" || true; done
  exec {nothing}>&-
  trap - INT TERM HUP USR1
  wait "$child" || status=$?
  return "$status"
}

ask_to_stop() {
  if [[ $1 == INT && $stop_signal ]]; then
    kill -INT "$child" 2>/dev/null || true
  else
    say "SIG$1: asking for a checkpoint and an early end" >&2
    if [[ $child ]]; then kill -USR1 "$child" 2>/dev/null || true; fi
  fi
  stop_signal=${stop_signal:-$1}
}
