#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ingest/delimited_reader.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Lines that are used, but have something that their owner should know of.
class LineNotes {
 public:
  /// Notes a line, in order of lines. `what` it has is told of the first one: "user 'b'".
  void add(const Line& line, std::string_view what);
  bool is_empty() const { return count_ == 0; }

  /// Root says how many lines of all ranks were noted, if any, and which is the first: "PATH: 2 lines are without items, the first: line 2,
  /// user 'b'". `one` and `many` are "line is without items" and "lines are without items". Collective.
  void tell(const std::filesystem::path& path, std::string_view one, std::string_view many,
            mpi::Communicator& communicator) const;

 private:
  std::int64_t count_ = 0;
  std::string first_;
};

}  // namespace gemel::ingest
