# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # launch/cluster-test.sh sets what is not set here, and uses what is not used
# A Slurm of four virtual nodes n1 to n4, with two CPUs each, on this machine: all of it below $scratch. To be sourced.

slurm_programs=(munged slurmctld slurmd sbatch srun scontrol scancel sinfo squeue)

# start_slurm: fails when the nodes do not become idle.
start_slurm() {
  local host node directory=$scratch/slurm
  host=$(hostname -s)
  mkdir -p "$directory"/{run,state,log} "$directory"/{spool,tmp}/n{1,2,3,4}
  # munged trusts no path that others may change.
  chmod 755 "$scratch" "$directory" "$directory/run"
  head -c 1024 /dev/urandom >"$directory/munge.key"
  chmod 400 "$directory/munge.key"
  cat >"$directory/slurm.conf" <<END
ClusterName=gemel
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$slurm_port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$directory/run/munge.sock,cred_expire=10
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool/%n
TmpFS=$directory/tmp/%n
SlurmctldPidFile=$directory/run/slurmctld.pid
SlurmdPidFile=$directory/run/slurmd-%n.pid
SlurmctldLogFile=$directory/log/slurmctld.log
SlurmdLogFile=$directory/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=30
MinJobAge=3600
KillWait=5
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
NodeName=n[1-4] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((slurm_port + 1))-$((slurm_port + 4))] CPUs=2
PartitionName=main Nodes=ALL Default=YES State=UP
END
  # Also the mark by which everything of this cluster is known.
  export SLURM_CONF=$directory/slurm.conf
  munged --foreground --force --key-file="$directory/munge.key" --socket="$directory/run/munge.sock" \
    --pid-file="$directory/run/munged.pid" --log-file="$directory/log/munged.log" --seed-file="$directory/run/munge.seed" \
    >"$directory/log/munged.out" 2>&1 </dev/null &
  slurm_daemons=($!)
  wait_until 60 test -S "$directory/run/munge.sock" || { cat "$directory"/log/munged.* >&2; return 1; }
  slurmctld -D -c >"$directory/log/slurmctld.out" 2>&1 </dev/null &
  slurm_daemons+=($!)
  for node in n1 n2 n3 n4; do start_node "$node"; done
  wait_until 120 all_idle || { tail -n 5 "$directory"/log/*.log >&2; return 1; }
}

# start_node NODE
start_node() {
  slurmd -D -N "$1" >"$scratch/slurm/log/$1.out" 2>&1 </dev/null &
  slurm_daemons+=($!)
}

all_idle() { [[ $(sinfo --noheader --format='%T %D' 2>/dev/null) == 'idle 4' ]]; }

# stop_slurm: ends all jobs and all daemons; nothing stays.
stop_slurm() {
  if [[ ! ${slurm_daemons-} ]]; then return; fi
  scancel --full --signal=KILL --user=root 2>/dev/null || true
  scancel --user=root 2>/dev/null || true
  # The daemons last: children that they would wait for are gone then.
  kill "${slurm_daemons[@]}" 2>/dev/null || true
  wait_until 5 slurm_is_gone || true
  SLURM_CONF='' end_all "SLURM_CONF=$scratch/slurm/slurm.conf"
  wait "${slurm_daemons[@]}" 2>/dev/null || true
  slurm_daemons=()
}

slurm_is_gone() {
  local daemon
  for daemon in "${slurm_daemons[@]}"; do ! kill -0 "$daemon" 2>/dev/null || return 1; done
}
