# Everything gemel links, as imported targets. All of it is in Debian and Ubuntu: launch/install-deps.sh.
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(OpenMP REQUIRED COMPONENTS CXX)
# FindHDF5 compiles a C program, which is why the project enables C.
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(oneDNN REQUIRED)
find_package(Random123 REQUIRED)
find_package(xxHash REQUIRED)
find_package(ZLIB REQUIRED)
find_package(zstd REQUIRED)
find_package(BZip2 REQUIRED)
find_package(simdjson REQUIRED)
# Its package names the target of protocol buffers, but does not look for it.
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED)
