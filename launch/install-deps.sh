#!/usr/bin/env bash
# Installs what gemel is built and tested with, on Debian 12, Ubuntu 22.04 and Ubuntu 24.04.
#   launch/install-deps.sh
# Does nothing, and asks for no password, when all of it is there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

packages=(
  build-essential cmake ninja-build pkg-config
  openmpi-bin libopenmpi-dev libdnnl-dev libhdf5-dev
  libboost-program-options-dev libspdlog-dev libfmt-dev nlohmann-json3-dev librandom123-dev libxxhash-dev
  libonnx-dev libprotobuf-dev
  zlib1g-dev libzstd-dev libbz2-dev libsimdjson-dev zstd bzip2
  libgtest-dev libgmock-dev libbenchmark-dev hdf5-tools
  clang-format-14 shellcheck     # house checks; another clang-format lays code out differently
  clang-14 libomp-14-dev         # tests/fuzz
  ca-certificates curl unzip     # data/fetch_movielens.sh
  gnuplot-nox jq                 # launch/plot_accuracy.sh
  python3-numpy python3-h5py python3-xxhash  # launch/gemel_checkpoint.py
  python3-faiss                  # tests of exported files
  python3-yaml python3-jsonschema  # tests/cluster
  libsimgrid-dev                 # launch/scaling.sh
  python3-faiss libopenblas0-openmp  # tests/benchmark/top_k.py
)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "this is neither Debian nor Ubuntu; going on in the hope that you have the equivalents of: ${packages[*]}"
  exit 0
fi

# dpkg-query fails when it does not know one of the names, and lists the others all the same.
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -Fxq "$package installed" <<<"$installed" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  say "all ${#packages[@]} packages that gemel needs are installed"
  exit 0
fi

say "installing ${#missing[@]} packages: ${missing[*]}"
as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "installing packages takes root, and there is no sudo. Ask an administrator for: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
apt_get() {
  # A machine that has just started may still be busy with its own upgrades: wait for the lock.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq "$@" </dev/null
}
apt_get update || fail "apt-get update failed; see above. Is the network there?"
apt_get install --yes --no-install-recommends "${missing[@]}" >/dev/null ||
  fail "apt-get install failed; see above. Needed: ${missing[*]}"
