#!/bin/sh
# floors.sh tells a house that stands from one that does not.
#   floors_test.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# plant FILE LINE: a house of one more file, that holds the line.
plant() {
  rm -rf "${scratch:?}/include" "$scratch/src"
  mkdir -p "$scratch/include/gemel" "$scratch/src/base" "$scratch/src/mpi" "$scratch/$(dirname "$1")"
  echo '#include <vector>' >"$scratch/src/base/ground.hpp"
  printf '#include <mpi.h>\n#include "base/ground.hpp"\n' >"$scratch/src/mpi/wrapper.cpp"
  printf '#pragma once\n%s\n' "$2" >"$scratch/$1"
}

stands() {
  plant "$1" "$2"
  if ! "$here/floors.sh" "$scratch"; then
    echo "FAILED: refused in $1: $2"
    failures=1
  fi
}

# The complaint names file and line.
falls() {
  plant "$1" "$2"
  if complaint=$("$here/floors.sh" "$scratch"); then
    echo "FAILED: not noticed in $1: $2"
    failures=1
  elif ! echo "$complaint" | grep -q "^$1:[12]: "; then
    echo "FAILED: for $1, complains of something else: $complaint"
    failures=1
  fi
}

stands src/tensor/x.hpp '#include "base/error.hpp"'
stands src/tensor/x.hpp '#include "mpi/error.hpp"'
stands src/tensor/x.hpp '#include "gemel/options.hpp"'
stands src/main.cpp '#include "cli/commands.hpp"'
stands src/hdf5/x.cpp '#include <hdf5.h>'
stands src/onednn/x.cpp '#include <oneapi/dnnl/dnnl.hpp>'
stands src/serving/onnx_graph.cpp '#include <onnx/onnx_pb.h>'
stands src/model/x.cpp '#include "neighbour.hpp"'
stands include/gemel/x.hpp '#include "gemel/data.hpp"'
stands src/tensor/x.cpp 'GEMEL_VECTORIZE'
stands src/base/random.cpp 'GEMEL_VECTORIZE'
falls src/base/x.hpp '#include "mpi/error.hpp"'
falls src/model/x.cpp '#include "learning/optimizer.hpp"'
falls src/run/x.cpp '  #  include "cli/commands.hpp"'
falls include/gemel/x.hpp '#include "base/error.hpp"'
falls src/exchange/x.cpp '#include <mpi.h>'
falls src/main.cpp '#include <mpi.h>'
falls src/checkpoint/x.cpp '#include <hdf5.h>'
falls src/checkpoint/x.cpp '#include <H5Fpublic.h>'
falls src/model/x.cpp '#include <oneapi/dnnl/dnnl.hpp>'
falls src/serving/x.cpp '#include <onnx/onnx_pb.h>'
falls src/attic/x.cpp '#include <vector>'
falls src/model/x.cpp '#include "attic/x.hpp"'
falls src/base/x.cpp '#include "../mpi/x.hpp"'
falls src/model/x.cpp 'GEMEL_VECTORIZE'
exit "$failures"
