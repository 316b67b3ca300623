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

# A program starts deaf to SIGUSR1 and SIGUSR2, until it has said what they are for: `mpirun -n 4 "${deaf[@]}" trainer`. Otherwise one
# that comes while the system loads a rank would kill it.
# shellcheck disable=SC2016,SC2034  # for the inner shell; used by those who source this
deaf=(sh -c 'trap "" USR1 USR2; exec "$0" "$@"')

# run_stoppable COMMAND...: runs mpirun or srun with a training, and returns its exit code. SIGINT, SIGTERM, SIGHUP and SIGUSR1 to this
# shell become SIGUSR1 to the command, which asks for a checkpoint and an end with code 6; SIGUSR2 stays what it is, and asks for a
# checkpoint alone. mpirun and srun pass both on to every rank, whereas mpirun answers SIGTERM and SIGINT by killing the ranks within two seconds. SIGUSR1 is
# repeated after 1, 2, 4... seconds: the first may have come before there were ranks. A second SIGINT ends the command at once. Leaves the first
# signal's name in stop_signal.
#
# With an empty variable `trains` the command is none that writes checkpoints: signals end it, and the exit code says which.
# A command that has lost all its processes and does not end, or not after it was told to, is killed.
run_stoppable() {
  local status=0 nothing errors teller now=$SECONDS pause=1 had_processes='' last_seen=$SECONDS told=
  stop_signal=${stop_signal-}  # a script may have had it before it came here
  child=
  passed_at=$SECONDS
  give_up_at=
  trap 'ask_to_stop INT' INT
  trap 'ask_to_stop TERM' TERM
  trap 'ask_to_stop HUP' HUP
  trap 'ask_to_stop USR1' USR1
  trap '[[ ! $child ]] || kill -USR2 "$child" 2>/dev/null || true' USR2
  exec {errors}> >(tell_of_ranks >&2)
  teller=$!
  # In a process group of its own, so that Control-C reaches only this shell.
  set -m
  (
    trap '' USR1 USR2
    exec "$@" 2>&"$errors" {errors}>&-
  ) </dev/null &
  child=$!
  set +m
  # A signal that came before there was a child.
  [[ ! $stop_signal ]] || pass_on
  # Not one long wait: a signal just before it begins would be heeded only after it. Nor a process that sleeps, again and again: to
  # start one takes a core from a rank for milliseconds. Nothing ever comes through this pipe.
  exec {nothing}<> <(:)
  while kill -0 "$child" 2>/dev/null; do
    read -r -t 0.2 -u "$nothing" || true
    ((SECONDS > now)) || continue
    now=$SECONDS
    if [[ $stop_signal && ! $give_up_at ]] && ((now >= passed_at + pause)); then
      pause=$((2 * pause))
      pass_on
    fi
    if has_processes "$child"; then
      had_processes=1
      last_seen=$SECONDS
    fi
    if [[ $give_up_at ]] && ((SECONDS > give_up_at)); then told="did not end when it was told to"; fi
    if [[ $had_processes ]] && ((SECONDS > last_seen + 10)); then told="did not end after its ranks had"; fi
    if [[ $told ]]; then
      say "$1 $told: killed" >&2
      kill -KILL "$child" 2>/dev/null || true
      break
    fi
  done
  exec {nothing}>&-
  trap - INT TERM HUP USR1 USR2
  wait "$child" 2>/dev/null || status=$?
  # Until all is told: ranks that were left behind might hold its pipe for long.
  exec {errors}>&-
  for ((tick = 0; tick < 20; ++tick)); do
    kill -0 "$teller" 2>/dev/null || break
    sleep 0.05
  done
  if [[ $told ]]; then status=1; fi
  if [[ ! ${trains-1} && $stop_signal ]]; then status=$((128 + $(kill -l "$stop_signal"))); fi
  return "$status"
}

ask_to_stop() {
  if [[ $1 == INT && $stop_signal ]]; then
    [[ ! $child ]] || kill -INT "$child" 2>/dev/null || true
    give_up_at=${give_up_at:-$((SECONDS + 5))}
  else
    stop_signal=${stop_signal:-$1}
    if [[ ${trains-1} ]]; then
      say "SIG$1: asking for a checkpoint and an early end" >&2
    else
      give_up_at=${give_up_at:-$((SECONDS + 5))}
    fi
    [[ ! $child ]] || pass_on
  fi
}

# Tells the command to stop.
pass_on() {
  passed_at=$SECONDS
  if [[ ${trains-1} ]]; then
    kill -USR1 "$child" 2>/dev/null || true
  else
    kill -TERM "$child" 2>/dev/null || true
  fi
}

# has_processes PID: it has child processes, or nobody knows.
has_processes() {
  local list known='' processes
  for list in /proc/"$1"/task/*/children; do
    [[ -r $list ]] || continue
    known=1
    processes=
    { read -r processes <"$list" || true; } 2>/dev/null
    [[ ! $processes ]] || return 0
  done
  [[ ! $known ]]
}

# Copies what mpirun writes on standard error, without what it says of ranks that have ended: the trainer tells that better. Only of a rank
# that was killed nobody else can tell.
tell_of_ranks() {
  trap '' INT TERM HUP USR1 USR2
  local line block='' is_inside=
  while IFS= read -r line || [[ $line ]]; do
    if [[ $line =~ ^-{60,}$ ]]; then
      if [[ $is_inside ]]; then tell_notice "$block"; fi
      is_inside=$([[ $is_inside ]] || echo 1)
      block=
    elif [[ $is_inside ]]; then
      block+=$line$'\n'
    elif [[ ! $line =~ (more process(es)? ha(s|ve) sent help message|orte_base_help_aggregate) ]]; then
      printf '%s\n' "$line"
    fi
  done
  printf '%s' "$block"
}

# tell_notice TEXT: one of mpirun's, which stands between two lines of dashes.
tell_notice() {
  local why=
  if [[ $1 =~ process\ rank\ ([0-9]+)\ .*on\ node\ ([^[:space:]]+)\ exited\ on\ signal\ ([0-9]+) ]]; then
    # 9: whoever sends it, the rank has no chance to say why.
    if [[ ${BASH_REMATCH[3]} == 9 ]]; then why="; out of memory? The kernel's log tells (dmesg)"; fi
    say "rank ${BASH_REMATCH[1]} on ${BASH_REMATCH[2]} was ended by signal ${BASH_REMATCH[3]} (SIG$(kill -l "${BASH_REMATCH[3]}"))$why"
  elif [[ ! $1 =~ (Primary job +terminated normally|MPI_ABORT was invoked|exited with non-zero status|without calling \"finalize\"|without +calling +\"?finalize) ]]; then
    printf '%s' "$1"
  fi
}
