#!/usr/bin/env bash
# Installs, builds with warnings as errors, and runs every test. Its exit code is CTest's.
#   launch/test.sh [CTEST ARGUMENT...]                for example -R mpi
# Environment: GEMEL_DATA, a folder that holds ml-100k/ (data/README.md); GEMEL_REQUIRE_DATA=1 makes the tests that need
# it fail rather than skip without it; GEMEL_BUILD, where to build (build/).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
help_if_asked "$@"

"$project_dir/launch/install-deps.sh"
build ci

say "running the tests"
# The tests' ranks want both of two cores; on a larger machine two of them run side by side.
exec ctest --test-dir "$(build_dir ci)" --output-on-failure --parallel 2 "$@"
