# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # launch/cluster-test.sh sets what is not set here, and uses what is not used
# Four hosts h1 to h4 on this machine, joined by a switch at 1 Gbit/s: network namespaces, in which the machine's own network has no part. To
# be sourced.

hosts_programs=(ip tc unshare)

# The namespace of a host, or of the switch.
space() { echo "gemel-$$-$1"; }

# start_hosts: fails when the kernel refuses.
start_hosts() {
  local number
  ip netns add "$(space switch)" && ip -n "$(space switch)" link add switch type bridge && ip -n "$(space switch)" link set switch up || return 1
  for number in 1 2 3 4; do start_host "$number" || return 1; done
  # on HOST COMMAND: starts a command on a host, from outside. Memory that is shared, and the name, are the host's own.
  cat >"$scratch/on" <<END
#!/usr/bin/env bash
number=\${1##*.}
shift
exec ip netns exec "gemel-$$-h\$number" unshare --uts --mount bash -c \
  "hostname h\$number; mount -t tmpfs tmpfs /dev/shm; exec \$*"
END
  # agent HOST COMMAND: the same, as ssh would, from another host, which must be able to reach it. A port that nobody listens to answers, too.
  cat >"$scratch/agent" <<END
#!/usr/bin/env bash
answer=\$( (LC_ALL=C timeout 20 bash -c ": <>/dev/tcp/\$1/22") 2>&1)
if [[ \$answer != *'Connection refused'* ]]; then
  echo "ssh: connect to host \$1 port 22: No route to host" >&2
  exit 255
fi
exec "$scratch/on" "\$@"
END
  chmod +x "$scratch/on" "$scratch/agent"
}

# start_host NUMBER
start_host() {
  local host side
  host=$(space "h$1")
  ip netns add "$host" &&
    ip -n "$(space switch)" link add "port$1" type veth peer name eth0 netns "$host" &&
    ip -n "$(space switch)" link set "port$1" master switch &&
    ip -n "$host" address add "10.77.0.$1/24" dev eth0 || return 1
  for side in "$host lo" "$host eth0" "$(space switch) port$1"; do
    read -r host port <<<"$side"
    ip -n "$host" link set "$port" up || return 1
    if [[ $port == lo ]]; then continue; fi
    ip netns exec "$host" tc qdisc replace dev "$port" root tbf rate 1gbit burst 256kb latency 20ms || return 1
  done
}

# cut NUMBER, join NUMBER: the cable between host and switch.
cut_link() { ip -n "$(space switch)" link set "port$1" down; }
join_link() {
  ip -n "$(space switch)" link set "port$1" up
  # The kernel takes up to a second to notice. An Open MPI daemon that starts before finds no network and ends.
  wait_until 10 plugged_in "$1"
}
plugged_in() { ip -n "$(space "h$1")" link show eth0 | grep -q 'state UP'; }

# end_host NUMBER: as without power: nothing is told to the others.
end_host() {
  local process
  cut_link "$1"
  for process in $(ip netns pids "$(space "h$1")"); do kill -KILL "$process" 2>/dev/null || true; done
}

# trainers_on NUMBER: how many ranks run on the host.
trainers_on() {
  local process count=0
  for process in $(ip netns pids "$(space "h$1")"); do
    [[ $(readlink "/proc/$process/exe") != "$trainer" ]] || count=$((count + 1))
  done
  echo "$count"
}

stop_hosts() {
  local name process
  for name in h1 h2 h3 h4 switch; do
    if [[ ! -e /run/netns/$(space "$name") ]]; then continue; fi
    for process in $(ip netns pids "$(space "$name")"); do kill -KILL "$process" 2>/dev/null || true; done
    ip netns delete "$(space "$name")"
  done
}
