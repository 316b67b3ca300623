# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # launch/cluster-test.sh sets what is not set here, and uses what is not used
# What the parts of launch/cluster-test.sh share. To be sourced after launch/common.sh; works below the directory $scratch.

cases=0
broken=0

# try PART CASE EXPECTED COMMAND...: notes a row of the table. The command succeeds when what is expected holds, and leaves in
# $outcome what came out.
try() {
  local part=$1 case=$2 expected=$3 began=$SECONDS holds=yes
  shift 3
  if [[ ! $case =~ $only ]]; then return; fi
  outcome=
  if ! "$@"; then
    holds=no
    broken=$((broken + 1))
  fi
  cases=$((cases + 1))
  printf '%s,"%s","%s","%s",%d,%s\n' "$part" "$case" "$expected" "${outcome//\"/\'}" $((SECONDS - began)) "$holds" >>"$scratch/table.csv"
  printf '%-3s %-5s %s: %s\n' "$([[ $holds == yes ]] && echo ok || echo NO)" "$part" "$case" "$outcome"
}

# came_out TEXT: adds to what came out.
came_out() { outcome+=${outcome:+, }$1; }

# print_table: all rows, in columns.
print_table() {
  column -t -s '|' < <(sed -e 's/,"/|/g' -e 's/","/|/g' -e 's/",/|/g' -e 's/,\(yes\|no\)$/|\1/' -e 's/"//g' "$scratch/table.csv")
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails after that time.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.1
  done
}

# trains LOG EPOCH: a training that writes this log has come as far as the epoch.
trains() { grep -qE "^ +$2 +[0-9]+ " "$1" 2>/dev/null; }

# newest DIRECTORY: the path of the newest checkpoint; nothing if there is none.
newest() { find "$1" -name 'run-*.h5' 2>/dev/null | sort | tail -n 1; }

# reference EPOCHS: the path of the checkpoint of an undisturbed run of so many epochs on one rank, without any cluster.
reference() {
  local directory=$scratch/undisturbed-$1
  if [[ ! -d $directory ]]; then
    "$trainer" train "${model[@]}" --epochs "$1" --checkpoint-dir "$directory" --progress none >"$directory.log" 2>&1 </dev/null || {
      cat "$directory.log" >&2
      fail "the undisturbed run ended with an error; see above"
    }
  fi
  newest "$directory"
}

# as_undisturbed DIRECTORY EPOCHS: the newest checkpoint has the weights and the history of the undisturbed run, bit for bit.
as_undisturbed() {
  local file expected
  file=$(newest "$1")
  expected=$(reference "$2")
  if [[ ! $file ]]; then
    came_out "no checkpoint in $(basename "$1")"
  elif h5diff --exclude-path /run "$expected" "$file" >"$scratch/difference" 2>&1 && [[ ! -s $scratch/difference ]] &&
    diff <(h5dump -n 1 "$expected" | tail -n +2) <(h5dump -n 1 "$file" | tail -n +2) >"$scratch/difference"; then
    came_out "weights equal"
    return
  else
    came_out "weights differ"
    head -n 5 "$scratch/difference" >&2
  fi
  return 1
}

# ours: the processes that have VARIABLE=VALUE in their environment, one a line; none of this script's own.
ours() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qzxF -- "$1" "$process/environ" 2>/dev/null && [[ $(<"$process/stat") != *') Z '* ]]; then
      echo "${process#/proc/}"
    fi
  done 2>/dev/null
}

# end_all VARIABLE=VALUE: ends these processes, whatever they do.
end_all() {
  local process
  for process in $(ours "$1"); do kill -KILL "$process" 2>/dev/null || true; done
}
