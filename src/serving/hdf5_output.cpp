#include "serving/hdf5_output.hpp"

namespace gemel::serving {
namespace {

constexpr std::uint64_t structure_bytes = std::uint64_t{1} << 17;  // a bound of HDF5's own

}  // namespace

Hdf5Output::Hdf5Output(base::OutputFile& output, std::uint64_t bytes) : output_(output) {
  // Once before HDF5 begins, and again once it has emptied the file.
  output_.reserve(bytes + structure_bytes);
  try {
    file_.emplace(hdf5::File::create(output_.unfinished(), alone_));
  } catch (const hdf5::Hdf5Error& error) {
    throw base::OutputError(
        fmt::format("{}: cannot write this file: {}", output_.path().string(), error.what()));
  }
  output_.reserve(bytes + structure_bytes);
}

void Hdf5Output::close() {
  std::optional<std::uint64_t> end;
  write([&](hdf5::File& file) {
    file.flush();
    end = file.end();
    file.close();
  });
  if (end) output_.shorten(*end);
}

}  // namespace gemel::serving
