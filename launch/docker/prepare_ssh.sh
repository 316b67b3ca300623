#!/usr/bin/env bash
# Prepares an image for MPIJobs: a user gemel (1000), whose sshd needs no root and whose ssh asks nothing.
#   launch/docker/prepare_ssh.sh
# The Dockerfile calls it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
help_if_asked "$@"

((EUID == 0)) || fail "this is for root, in an image"
[[ -d /etc/ssh ]] || fail "there is no ssh here: install openssh-client and openssh-server"
port=2222
useradd --create-home --home-dir /var/lib/gemel --uid 1000 --shell /bin/bash gemel
# sshd wants it even where it changes to no other user.
mkdir -p /run/sshd
# The operator mounts one key for all pods of a job, read-only and with rights that ssh would not have.
cat >/var/lib/gemel/sshd_config <<END
Port $port
HostKey /var/lib/gemel/.ssh/id_rsa
PidFile /var/lib/gemel/sshd.pid
StrictModes no
PasswordAuthentication no
# Ranks need the environment that mpirun gives them, and nothing of a login.
UsePAM no
END
cat >/etc/ssh/ssh_config.d/gemel.conf <<END
Host *
  Port $port
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
END
chown gemel: /var/lib/gemel/sshd_config
