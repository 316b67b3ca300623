# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # launch/cluster-test.sh sets what is not set here, and uses what is not used
# The image of launch/docker/Dockerfile without Docker: its steps in a Debian of debootstrap's, below $scratch. To be sourced.

image_programs=(debootstrap chroot setpriv "${hosts_programs[@]}")

# The tree of a stage; the last one is the image.
stage() { echo "$scratch/image/$1"; }

# start_image: builds it, and starts the hosts that its pods stand on.
start_image() {
  local log=$scratch/image.log
  mkdir -p "$scratch/image"
  say "building the image; it takes a quarter of an hour on two cores"
  if ! { first_tree && dockerfile_steps "$project_dir/launch/docker/Dockerfile" | build_steps; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    return 1
  fi
  start_hosts
}

stop_image() { stop_hosts; }

# first_tree: debian:bookworm-slim, or as good as it.
first_tree() {
  debootstrap --variant=minbase --include=ca-certificates bookworm "$(stage debian)" "${GEMEL_DEBIAN_MIRROR:-http://deb.debian.org/debian}" &&
    cp /etc/resolv.conf "$(stage debian)/etc/resolv.conf" &&
    printf '#!/bin/sh\nexit 101\n' >"$(stage debian)/usr/sbin/policy-rc.d" && chmod +x "$(stage debian)/usr/sbin/policy-rc.d"
}

# dockerfile_steps FILE: its instructions, one a line.
dockerfile_steps() { sed -e '/^ *#/d' "$1" | sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' -e '/^ *$/d'; }

# build_steps: those that come in on standard input. Leaves the image in stage `image`.
build_steps() {
  local instruction rest words tree='' place=/ user=root variables=()
  while read -r instruction rest; do
    echo "## $instruction $rest"
    read -ra words <<<"$rest"
    case $instruction in
      FROM)
        tree=$(stage "${words[2]:-image}") place=/ user=root variables=()
        cp -a "$(stage debian)" "$tree"
        ;;
      WORKDIR) place=$rest ;;
      USER) user=$rest ;;
      ENV) variables+=("$rest") ;;
      COPY)
        if [[ ${words[0]} == --from=* ]]; then
          mkdir -p "$(dirname "$tree${words[2]}")"
          cp -a "$(stage "${words[0]#--from=}")${words[1]}" "$tree${words[2]}"
        else
          mkdir -p "$tree${words[1]}"
          tar -C "$project_dir/${words[0]}" -cf - "${left_out[@]}" . | tar -C "$tree${words[1]}" -xf - --no-same-owner
        fi
        ;;
      RUN) in_tree "$tree" "cd $place && ${variables[*]} $rest" ;;
      CMD)
        rest=${rest//[][,\"]/ }
        in_tree "$tree" "cd $place && export ${variables[*]} && setpriv --reuid=$user --regid=$user --clear-groups $rest >/dev/null"
        ;;
      *)
        echo "no such instruction is known here: $instruction"
        return 1
        ;;
    esac || return 1
  done
}
# What launch/docker/Dockerfile.dockerignore keeps out.
mapfile -t left_out < <(sed -e 's,^\*\*/,,' -e 's,^data/\*/$,./data/*/*,' -e 's,^\([^.*][^*]*\)$,./\1,' -e 's,^\.git$,./.git,' -e 's/^/--exclude=/' \
  "$project_dir/launch/docker/Dockerfile.dockerignore")

# in_tree TREE COMMAND: as root, with nothing of this machine's but the processor and the network.
in_tree() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount sh -ec 'mount -t proc proc "$1/proc"; mount -t sysfs -o ro sysfs "$1/sys"; mount --rbind /dev "$1/dev"; mount -t tmpfs tmpfs "$1/tmp"
    exec chroot "$1" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CMAKE_BUILD_PARALLEL_LEVEL="$3" "$4=$5" \
      nice sh -ec "$2"' - "$1" "$2" "$(available_cores)" "${mark%%=*}" "${mark#*=}" </dev/null
}
