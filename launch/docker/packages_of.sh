#!/usr/bin/env bash
# Prints the Debian packages of the libraries that a program is linked with, one a line.
#   launch/docker/packages_of.sh PROGRAM
# The Dockerfile asks so what its image has to have.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
help_if_asked "$@"

program=${1-}
[[ -x $program ]] || fail "there is no program '$program'"
libraries=$(ldd "$program")
if grep 'not found' <<<"$libraries" >&2; then fail "$program lacks these libraries"; fi
awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' <<<"$libraries" | while read -r library; do
  # Since /lib is a link to /usr/lib, dpkg knows a file by either name.
  library=$(realpath "$library")
  dpkg-query --search "$library" 2>/dev/null || dpkg-query --search "${library#/usr}" || fail "no package has $library"
done | cut -d : -f 1 | sort -u
