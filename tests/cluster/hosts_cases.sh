# shellcheck shell=bash
# shellcheck disable=SC2154,SC2317  # launch/cluster-test.sh sets what is not set here, and calls the cases through try
# What mpirun over several hosts is put through, on those of hosts.sh. To be sourced.

# Seconds within which launch/README.md says that a job without one of its hosts ends. launch/common.sh sets what it takes.
documented=15

# start_on "NUMBER..." RANKS NAME ARGUMENT...: trains with so many ranks on each of the hosts; mpirun runs on the first of them. Leaves its
# process in $job, what it prints in $log.
start_on() {
  local number name=$3 ranks=$2 list=''
  for number in $1; do list+=,10.77.0.$number:$ranks; done
  log=$scratch/$name.log
  "$scratch/on" "10.77.0.${1%% *}" mpirun -q --mca plm_rsh_agent "$scratch/agent" --mca plm_rsh_no_tree_spawn 1 \
    --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 --bind-to none --host "${list#,}" \
    "$trainer" train "${model[@]}" --checkpoint-dir "$scratch/$name" --progress lines "${@:4}" >>"$log" 2>&1 </dev/null &
  job=$!
}

alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! alive "$1"; }
trains_or_gone() { trains "$@" || gone "$job"; }

# reaches EPOCH
reaches() { wait_until "$limit" trains_or_gone "$log" "$1" && trains "$log" "$1"; }

# ends_with CODE: the job ends by itself.
ends_with() {
  local status=0
  wait_until "$limit" gone "$job" || kill -KILL "$job"
  wait "$job" 2>/dev/null || status=$?
  came_out "exit code $status"
  if ((status == $1)); then return; fi
  tail -n 10 "$log" | sed 's/^/  | /' >&2
  return 1
}

# ends_in_time HOST...: the job ends with an error within the documented time, and no rank is left on these hosts.
ends_in_time() {
  local began=$EPOCHREALTIME status=0 left=0 seconds number
  wait_until 90 gone "$job" || kill -KILL "$job"
  wait "$job" 2>/dev/null || status=$?
  wait_until 90 none_left "$@" || true
  seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  for number; do left=$((left + $(trainers_on "$number"))); done
  came_out "exit code $status, ended everywhere in $seconds s"
  ((left == 0)) || came_out "$left ranks are left"
  for number; do stop_on "$number"; done
  ((status != 0 && left == 0)) && awk -v seconds="$seconds" -v limit="$documented" 'BEGIN { exit !(seconds <= limit) }'
}
none_left() {
  local number
  for number; do (($(trainers_on "$number") == 0)) || return 1; done
}
stop_on() {
  local process
  for process in $(ip netns pids "$(space "h$1")"); do kill -KILL "$process" 2>/dev/null || true; done
}

# resumed "NUMBER..." RANKS NAME EPOCHS: another job goes on and finishes.
resumed() {
  came_out "again on $(wc -w <<<"$1") hosts"
  start_on "$1" "$2" "$3" --epochs "$4" --resume auto
  ends_with 0 && as_undisturbed "$scratch/$3" "$4"
}

# whole NAME RANKS EPOCHS ARGUMENT...: a job without any event.
whole() {
  start_on '1 2 3 4' "$2" "$1" --epochs "$3" "${@:4}"
  ends_with 0 && as_undisturbed "$scratch/$1" "$3"
}

stopped() {
  start_on '1 2 3 4' 1 "$1" --epochs "$long"
  reaches 5 && kill -USR1 "$job"
  ends_with 6 && resumed '1 2' 2 "$1" "$long"
}

# without_power NAME NUMBER "NUMBER...": a host ends; others go on.
without_power() {
  local number rest=()
  for number in 1 2 3 4; do ((number == $2)) || rest+=("$number"); done
  start_on '1 2 3 4' 1 "$1" --epochs "$long" --checkpoint-every 5
  reaches 12 && end_host "$2"
  ends_in_time "${rest[@]}" && resumed "$3" 1 "$1" "$long"
  local status=$?
  join_link "$2"
  return "$status"
}

unplugged() {
  local status
  start_on '1 2 3 4' 1 "$1" --epochs "$long" --checkpoint-every 5
  reaches 12 && cut_link 3
  ends_in_time 1 2 3 4
  status=$?
  join_link 3
  ((status == 0)) && resumed '1 2 3 4' 1 "$1" "$long"
}

interrupted() {
  start_on '1 2 3 4' 1 "$1" --epochs "$long"
  reaches 12 && cut_link 3
  sleep "$2"
  join_link 3
  ends_with 0 && as_undisturbed "$scratch/$1" "$long"
}

# absent NAME: a host is not there when the job starts.
absent() {
  local status=0 began=$SECONDS
  cut_link 3
  start_on '1 2 3 4' 1 "$1" --epochs "$short"
  wait_until 120 gone "$job" || kill -KILL "$job"
  wait "$job" 2>/dev/null || status=$?
  came_out "exit code $status after $((SECONDS - began)) s"
  for number in 1 2 3 4; do stop_on "$number"; done
  join_link 3
  ((status != 0 && status != 137)) && resumed '1 2 3 4' 1 "$1" "$short"
}

hosts_cases() {
  unset OMPI_MCA_btl
  try hosts '4 hosts of 1 rank' 'the bits of one host' whole single 1 "$short"
  if [[ $quick ]]; then return; fi
  try hosts '4 hosts of 2 ranks' 'the bits of one host' whole double 2 "$short"
  try hosts '4 hosts of 1 rank, tables sharded' 'the bits of one host' whole sharded 1 "$short" --placement sharded
  try hosts 'SIGUSR1 to mpirun' 'ends with 6, finishes on 2 hosts' stopped stopped
  try hosts 'a cable out for 2 s' 'goes on, finishes' interrupted interrupted 2
  try hosts 'a cable cut' "ends within $documented s, finishes on 4 hosts" unplugged unplugged
  try hosts 'a host that is not there' 'ends with an error, finishes when it is there' absent absent
  try hosts 'a host without power' "ends within $documented s, finishes on 3 hosts" without_power lost 3 '1 2 4'
  try hosts 'the host of mpirun without power' "ends within $documented s, finishes on 3 hosts" without_power first 1 '2 3 4'
}
