# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317  # launch/cluster-test.sh sets what is not set here, uses what is not used, and calls the cases through try
# The pods of launch/kubernetes/mpijob.yaml, from the image of image.sh on the hosts of hosts.sh, as the MPI operator would start them. To be
# sourced.

# manifest PATH: the words that stand there, one a line.
manifest() {
  /usr/bin/python3 -c 'import sys, yaml
place = yaml.safe_load(open(sys.argv[1]))["spec"]
for name in sys.argv[2].split("/"): place = place[int(name) if name.isdigit() else name]
print("\n".join(map(str, place)) if isinstance(place, list) else place)' "$project_dir/launch/kubernetes/mpijob.yaml" "$1"
}

# pod NUMBER NAME COMMAND...: runs in the image on the host of that number, in the Dockerfile's folder, as the user of the manifest. Replaces
# the shell, so that signals reach the command.
pod() {
  local user
  user=$(manifest mpiReplicaSpecs/Worker/template/spec/securityContext/runAsUser)
  # shellcheck disable=SC2016  # for the inner shell
  exec ip netns exec "$(space "h$1")" unshare --uts --mount sh -ec 'hostname "$1"; tree=$2 user=$3; shift 3
    mount -t proc proc "$tree/proc"; mount -t sysfs -o ro sysfs "$tree/sys"; mount --rbind /dev "$tree/dev"
    mount -t tmpfs tmpfs "$tree/dev/shm"; mount -t tmpfs tmpfs "$tree/tmp"
    exec chroot "$tree" setpriv --reuid="$user" --regid="$user" --clear-groups env -i -C /gemel HOME=/var/lib/gemel \
      PATH=/gemel/build/release:/usr/local/bin:/usr/bin:/bin "$@"' - "$2" "$(stage image)" "$user" "$mark" "${@:3}"
}

# What the operator puts into the pods: one key for all of them, the names of the workers, and a volume that they share.
furnish_pods() {
  local tree number keys
  tree=$(stage image)
  keys=$tree$(manifest sshAuthMountPath)
  mkdir -p "$keys" "$tree/etc/mpi" "$tree/shared/ml-100k"
  chroot "$tree" ssh-keygen -q -t rsa -N '' -f "${keys#"$tree"}/id_rsa" </dev/null && cp "$keys/id_rsa.pub" "$keys/authorized_keys"
  awk -v directory="$tree/shared/ml-100k" -f "$project_dir/tests/end_to_end/drawn_ratings.awk"
  : >"$tree/etc/mpi/hostfile"
  echo '127.0.0.1 localhost' >"$tree/etc/hosts"
  for number in 2 3 4; do
    echo "10.77.0.$number gemel-worker-$((number - 2)).gemel.default.svc gemel-worker-$((number - 2))" >>"$tree/etc/hosts"
    echo "gemel-worker-$((number - 2)).gemel.default.svc slots=$(manifest slotsPerWorker)" >>"$tree/etc/mpi/hostfile"
  done
  echo '10.77.0.1 gemel-launcher' >>"$tree/etc/hosts"
  chroot "$tree" chown -R gemel: "${keys#"$tree"}" /shared
}

start_workers() {
  local number command
  mapfile -t command < <(manifest mpiReplicaSpecs/Worker/template/spec/containers/0/command && manifest mpiReplicaSpecs/Worker/template/spec/containers/0/args)
  for number in 2 3 4; do
    pod "$number" "gemel-worker-$((number - 2))" "${command[@]}" >>"$scratch/worker-$number.log" 2>&1 </dev/null &
  done
  for number in 2 3 4; do wait_until 10 listens "$number" || return 1; done
}
listens() { ip netns exec "$(space h1)" timeout 1 bash -c ": <>/dev/tcp/10.77.0.$1/2222" 2>/dev/null; }

# start_launcher EPOCHS: leaves its process in $job, what it prints in $log.
start_launcher() {
  local command
  log=$scratch/launcher.log
  mapfile -t command < <(manifest mpiReplicaSpecs/Launcher/template/spec/containers/0/command && manifest mpiReplicaSpecs/Launcher/template/spec/containers/0/args)
  pod 1 gemel-launcher OMPI_MCA_orte_keep_fqdn_hostnames=true OMPI_MCA_orte_default_hostfile=/etc/mpi/hostfile OMPI_MCA_orte_set_default_slots="$(manifest slotsPerWorker)" \
    OMPI_MCA_plm_rsh_args='-o ConnectionAttempts=10' OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
    "${command[@]}" --spare-ranks work --epochs "$1" >>"$log" 2>&1 </dev/null &
  job=$!
}

one_machine() {
  local tree
  tree=$(stage image)
  if (pod 1 machine launch/local.sh -n 2 train "${model[@]}" --epochs "$short" --checkpoint-dir /shared/machine >"$scratch/machine.log" 2>&1 </dev/null); then
    as_undisturbed "$tree/shared/machine" "$short"
  else
    tail -n 5 "$scratch/machine.log" >&2
    return 1
  fi
}

mpi_job() {
  local checkpoints
  checkpoints=$(stage image)/shared/checkpoints/gemel
  model=(--data "$(stage image)/shared/ml-100k" --layers "64,32")
  start_workers || { tail "$scratch"/worker-*.log >&2; return 1; }
  start_launcher "$1"
  if [[ $2 ]]; then
    reaches 5 && kill -TERM "$job"
    ends_with 6 || return 1
    # The Job's controller makes another pod.
    start_launcher "$1"
  fi
  ends_with 0 && as_undisturbed "$checkpoints" "$1"
}

image_cases() {
  furnish_pods
  try image 'launch/local.sh in the image' 'the bits of this machine' one_machine
  try image 'an MPIJob of 3 workers of 2 ranks, its launcher moved (SIGTERM)' 'a checkpoint, exit code 6; the next launcher finishes' mpi_job "$long" moved
}
