# shellcheck shell=bash
# shellcheck disable=SC2154,SC2317  # launch/cluster-test.sh sets what is not set here, and calls the cases through try
# What launch/slurm/train.sbatch is put through on the nodes of slurm_nodes.sh. To be sourced.

# submit NAME "SBATCH OPTION..." ARGUMENT...: queues a training; leaves its number in $job and its log's path in $log.
submit() {
  local options
  read -ra options <<<"$2"
  job=$(cd "$home" && sbatch --parsable --job-name="$1" "${options[@]}" launch/slurm/train.sbatch "${model[@]}" "${@:3}")
  log=$home/$1-$job.log
}

# field JOB NAME: of what scontrol knows of the job.
field() { scontrol --oneliner show job "$1" 2>/dev/null | grep -oE "(^| )$2=[^ ]*" | head -n 1 | cut -d = -f 2-; }
in_state() { [[ $(field "$1" JobState) =~ ^($2)$ ]]; }
ended() { in_state "$1" 'COMPLETED|FAILED|CANCELLED|NODE_FAIL|TIMEOUT|BOOT_FAIL|OUT_OF_MEMORY'; }
# started JOB REQUEUES: it runs again, after so many of them, or has ended.
started() { { [[ $(field "$1" Restarts) -ge $2 ]] && in_state "$1" RUNNING; } || ended "$1"; }

# job_reaches EPOCH: the job that was submitted last comes so far. Slurm takes its time to answer, so it is seldom asked.
job_reaches() {
  local tick
  for ((tick = 1; tick <= limit * 20; ++tick)); do
    ! trains "$log" "$1" || return 0
    if ((tick % 40 == 0)) && ended "$job"; then return 1; fi
    sleep 0.05
  done
  return 1
}

show_log() { sed 's/^/  | /' "$1" | tail -n "${2:-15}" >&2; }

# completes JOB LOG: it ends by itself, with success.
completes() {
  local state
  wait_until "$limit" ended "$1" || true
  state=$(field "$1" JobState)
  came_out "$state after $(field "$1" Restarts) requeues"
  if [[ $state == COMPLETED ]]; then return; fi
  came_out "exit code $(field "$1" ExitCode)"
  show_log "$2"
  scancel "$1" 2>/dev/null || true
  wait_until 20 ended "$1" || true
  return 1
}

# was_requeued JOB TIMES: not fewer times.
was_requeued() { [[ $(field "$1" Restarts) -ge $2 ]]; }

# warn JOB: the signal that Slurm sends before the time limit, now.
warn() { scancel --batch --signal=USR1 "$1"; }

# undisturbed_job NAME OPTIONS: a job without any event.
undisturbed_job() {
  submit "$1" "$2" --epochs "$short" --checkpoint-dir "$home/checkpoints/$1"
  completes "$job" "$log" && as_undisturbed "$home/checkpoints/$1" "$short"
}

# script_runs JOB: its script has become a process. Slurm calls a job running before that, and a signal that comes then is lost in Slurm.
script_runs() { [[ $(ours "SLURM_JOB_ID=$1") ]] || ended "$1"; }

# warned_after NAME SECONDS: warned so long after its script has begun.
warned_after() {
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-dir "$home/checkpoints/$1"
  wait_until "$limit" script_runs "$job"
  sleep "$2"
  warn "$job"
  completes "$job" "$log" && was_requeued "$job" 1 && as_undisturbed "$home/checkpoints/$1" "$long"
}

# warned_twice NAME OPTIONS: each of the first two starts is warned in mid-training; the third one finishes.
warned_twice() {
  submit "$1" "$2" --epochs "$long" --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 5 && warn "$job"
  wait_until "$limit" started "$job" 1
  job_reaches $((long / 2)) && warn "$job"
  completes "$job" "$log" && was_requeued "$job" 2 && as_undisturbed "$home/checkpoints/$1" "$long"
}

# time_limit NAME: Slurm itself warns a minute before a limit of a minute, as soon as it looks, which it does every half a minute.
time_limit() {
  submit "$1" '--nodes=1 --ntasks-per-node=2 --time=1' --epochs "$minute" --checkpoint-dir "$home/checkpoints/$1"
  completes "$job" "$log" && was_requeued "$job" 1 && as_undisturbed "$home/checkpoints/$1" "$minute"
}

has_checkpoint() { [[ $(newest "$1") ]]; }

# snapshot NAME: SIGUSR2 to the job's script writes a checkpoint, and the job goes on.
snapshot() {
  local directory=$home/checkpoints/$1
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-every 0 --checkpoint-dir "$directory"
  job_reaches 5 && scancel --batch --signal=USR2 "$job"
  if wait_until 30 has_checkpoint "$directory"; then
    came_out 'a checkpoint in mid-run'
  else
    came_out 'no checkpoint in mid-run'
  fi
  completes "$job" "$log" && [[ $outcome != *'no checkpoint'* ]] && ! was_requeued "$job" 1 && as_undisturbed "$directory" "$long"
}

# ended_early NAME STATE INTERVAL SCANCEL...: a job that scancel ends in mid-training stays away, in that state; it has a checkpoint of its last step,
# or one every INTERVAL epochs. Another job goes on from there on more ranks.
ended_early() {
  local directory=$home/checkpoints/$1
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-every "$3" --checkpoint-dir "$directory"
  job_reaches 15 && "${@:4}" "$job"
  wait_until "$limit" ended "$job" || true
  came_out "$(field "$job" JobState) after $(field "$job" Restarts) requeues"
  in_state "$job" "$2" || return 1
  if ! has_checkpoint "$directory"; then
    came_out 'no checkpoint'
    show_log "$log"
    return 1
  fi
  submit "$1" '--nodes=3 --ntasks-per-node=1' --epochs "$long" --checkpoint-dir "$directory" --resume auto
  completes "$job" "$log" && as_undisturbed "$directory" "$long"
}

# warned_at_the_end NAME: when the trainer has said its last word, but may not be gone.
warned_at_the_end() {
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$short" --checkpoint-dir "$home/checkpoints/$1"
  wait_until "$limit" grep -qs '^last checkpoint:' "$log"
  warn "$job" 2>/dev/null
  completes "$job" "$log" && ! was_requeued "$job" 1 && as_undisturbed "$home/checkpoints/$1" "$short"
}

# put_back NAME: an operator's requeue, without a warning.
put_back() {
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-every 5 --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 15 && scontrol requeue "$job"
  completes "$job" "$log" && was_requeued "$job" 1 && as_undisturbed "$home/checkpoints/$1" "$long"
}

# suspended NAME: stopped for five seconds, as for a more urgent job, and continued.
suspended() {
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$short" --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 5 && scontrol suspend "$job"
  sleep 5
  scontrol resume "$job"
  completes "$job" "$log" && as_undisturbed "$home/checkpoints/$1" "$short"
}

# job_array NAME: three trainings in the folders that train.sbatch chooses; the second is warned.
job_array() {
  local array task directories=0 directory equal=0 sound=0
  submit "$1" '--array=1-3 --nodes=1 --ntasks-per-node=2' --epochs "$long"
  array=$job
  wait_until "$limit" started "${array}_2" 0
  job=$(field "${array}_2" JobId)
  log=$home/$1-$job.log
  job_reaches 5 && warn "$job"
  for task in 1 2 3; do
    job=$(field "${array}_$task" JobId)
    completes "$job" "$home/$1-$job.log" || sound=1
  done
  while read -r directory; do
    directories=$((directories + 1))
    ! (as_undisturbed "$directory" "$long" >/dev/null) || equal=$((equal + 1))
  done < <(find "$home/checkpoints" -path "*$1*" -name 'run-*.h5' -printf '%h\n' | sort -u)
  came_out "$directories folders, $equal as undisturbed"
  ((sound == 0 && directories == 3 && equal == 3))
}

# one_name NAME: two jobs of one name at once: neither loses or changes what the other writes.
one_name() {
  local first first_log sound=0 directory equal=0
  submit "$1" '--nodes=1 --ntasks-per-node=2' --epochs "$long" --checkpoint-every 5
  first=$job first_log=$log
  submit "$1" '--nodes=1 --ntasks-per-node=2' --epochs "$long" --checkpoint-every 5
  completes "$first" "$first_log" || sound=1
  completes "$job" "$log" || sound=1
  while read -r directory; do
    ! (as_undisturbed "$directory" "$long" >/dev/null) || equal=$((equal + 1))
  done < <(find "$home/checkpoints" -path "*$1*" -name 'run-*.h5' -printf '%h\n' | sort -u)
  came_out "$equal folders as undisturbed"
  ((sound == 0 && equal == 2))
}

# first_node JOB: of those that it runs on.
first_node() { scontrol show hostnames "$(field "$1" NodeList)" | head -n 1; }

# drained NAME: a node is drained in mid-job. The job goes on there; after a warning it goes on elsewhere.
drained() {
  local node again
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 5
  node=$(first_node "$job")
  scontrol update nodename="$node" state=drain reason='cluster test'
  job_reaches $((long / 3)) && came_out "trained on while $node drained" && warn "$job"
  wait_until "$limit" started "$job" 1
  again=" $(scontrol show hostnames "$(field "$job" NodeList)" | tr '\n' ' ')"
  completes "$job" "$log" || { scontrol update nodename="$node" state=resume; return 1; }
  scontrol update nodename="$node" state=resume
  if [[ $again == *" $node "* ]]; then
    came_out "again on $node"
    return 1
  fi
  as_undisturbed "$home/checkpoints/$1" "$long"
}

# resubmit_if_failed NAME: after a failure that Slurm does not answer by itself, what a user does: the same job again.
resubmit_if_failed() {
  wait_until "$limit" ended "$job" || true
  came_out "$(field "$job" JobState) after $(field "$job" Restarts) requeues"
  if in_state "$job" COMPLETED; then return; fi
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-dir "$home/checkpoints/$1" --resume auto
  came_out 'submitted again'
  completes "$job" "$log"
}

# lost NAME: a node dies with all that runs on it; Slurm notes it after SlurmdTimeout.
lost() {
  local node began
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-every 5 --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 15
  node=$(scontrol show hostnames "$(field "$job" NodeList)" | tail -n 1)
  began=$SECONDS
  lose_node "$node"
  if wait_until 150 left_running "$job"; then came_out "the job left the dead node after $((SECONDS - began)) s"; else came_out 'hung for 150 s'; fi
  start_node "$node"
  resubmit_if_failed "$1" && as_undisturbed "$home/checkpoints/$1" "$long"
}

left_running() { ! in_state "$1" RUNNING; }

# lose_node NODE: ends its daemon and everything below it, at once.
lose_node() {
  local process
  for process in $(ours "SLURMD_NODENAME=$1") $(pgrep -f "^slurmd -D -N $1\$") $(steps_of "$1"); do
    kill -KILL "$process" 2>/dev/null || true
  done
}

# steps_of NODE: Slurm's own processes for the jobs' parts on the node: they have their spool directory there.
steps_of() {
  local process
  for process in $(ours "$mark"); do
    if [[ $(readlink "/proc/$process/cwd") == "$scratch/slurm/"*"/$1"* ]]; then echo "$process"; fi
  done
}

# ranks JOB: their processes.
ranks() {
  local process
  for process in $(ours "SLURM_JOB_ID=$1"); do
    if [[ $(readlink "/proc/$process/exe") == "$trainer" ]]; then echo "$process"; fi
  done
}

# rank_killed NAME: one rank dies, as by the memory killer. The job ends, with an error, and can go on.
rank_killed() {
  local began
  submit "$1" '--nodes=2 --ntasks-per-node=1' --epochs "$long" --checkpoint-every 5 --checkpoint-dir "$home/checkpoints/$1"
  job_reaches 15
  began=$SECONDS
  kill -KILL "$(ranks "$job" | tail -n 1)"
  if wait_until 150 left_running "$job"; then came_out "ended after $((SECONDS - began)) s"; else came_out 'hung for 150 s'; fi
  if in_state "$job" COMPLETED; then
    came_out 'as if nothing had happened'
    return 1
  fi
  resubmit_if_failed "$1" && as_undisturbed "$home/checkpoints/$1" "$long"
}

# launchers: those that this Slurm and this machine have.
launchers() {
  if srun --mpi=list 2>&1 | grep -qw pmix; then echo srun; fi
  if command -v mpirun >/dev/null; then echo mpirun; fi
}

slurm_cases() {
  local delay
  home=$scratch/home
  mkdir -p "$home"
  ln -s "$project_dir/launch" "$home/launch"
  export GEMEL_TRAINER=$trainer
  # The virtual nodes share the name of this machine, and yet are not one node to each other.
  export OMPI_MCA_btl=tcp,self
  for GEMEL_LAUNCHER in $(launchers); do
    export GEMEL_LAUNCHER
    [[ $quick ]] || try slurm "$GEMEL_LAUNCHER: a job on 2 nodes of 2 ranks" 'finishes' undisturbed_job "$GEMEL_LAUNCHER-two" '--nodes=2 --ntasks-per-node=2'
    for delay in $delays; do
      try slurm "$GEMEL_LAUNCHER: warned $delay s after its start" 'requeued, finishes' warned_after "$GEMEL_LAUNCHER-early-$delay" "$delay"
    done
    if [[ $quick ]]; then break; fi
    try slurm "$GEMEL_LAUNCHER: warned in mid-training, twice" 'requeued twice, finishes' \
      warned_twice "$GEMEL_LAUNCHER-twice" '--nodes=4 --ntasks-per-node=1'
    try slurm "$GEMEL_LAUNCHER: SIGUSR2" 'a checkpoint, goes on, finishes' snapshot "$GEMEL_LAUNCHER-snapshot"
    try slurm "$GEMEL_LAUNCHER: warned when it has finished" 'stays finished' warned_at_the_end "$GEMEL_LAUNCHER-late"
    try slurm "$GEMEL_LAUNCHER: scancel --batch --signal=TERM, then another job on 3 nodes" \
      'exit code 6, a checkpoint, the other finishes' ended_early "$GEMEL_LAUNCHER-stopped" FAILED 0 scancel --batch --signal=TERM
    # Under mpirun Slurm ends the daemons of Open MPI together with the ranks, which then have no time for a checkpoint.
    try slurm "$GEMEL_LAUNCHER: scancel, then another job on 3 nodes" 'stays cancelled, the other finishes' \
      ended_early "$GEMEL_LAUNCHER-cancelled" CANCELLED "$([[ $GEMEL_LAUNCHER == srun ]] && echo 0 || echo 5)" scancel
    try slurm "$GEMEL_LAUNCHER: a rank killed" 'ends with an error, submitted again it finishes' rank_killed "$GEMEL_LAUNCHER-killed"
    try slurm "$GEMEL_LAUNCHER: a node dies" 'ends or is requeued, finishes' lost "$GEMEL_LAUNCHER-lost"
  done
  if [[ $quick ]]; then return; fi
  unset GEMEL_LAUNCHER
  try slurm 'an operator puts the job back' 'requeued, finishes' put_back back
  try slurm 'suspended for 5 s' 'finishes' suspended suspended
  try slurm 'an array of 3, one of them warned' 'each finishes in a folder of its own' job_array array
  try slurm 'two jobs of one name at once' 'each finishes in a folder of its own' one_name same
  try slurm 'a node drained in mid-job, then a warning' 'trains on; goes on elsewhere; finishes' drained drained
  try slurm 'a time limit of a minute' 'warned by Slurm, requeued, finishes' time_limit limit
}
