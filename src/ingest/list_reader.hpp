#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/line_notes.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Reads the lines of a file of lists, each a user and all the user's items.
class ListReader {
 public:
  /// The user and the items of `line`, valid until the next call. Nothing for blank lines, and for lines that cannot be used, which then
  /// stand in `errors`: comments, ids that are too long, and those whose fields another mark seems to separate.
  const std::vector<Field>& operator()(const Line& line, LineErrors& errors);

  /// Root says how many of all ranks' lines had no items, and which is the first. Collective.
  void tell_of_idle_users(const std::filesystem::path& path, mpi::Communicator& communicator) const;

  /// What to do about lines that cannot be used.
  static const std::string_view remedy;

 private:
  FieldSplitter split_{Separator::blanks};
  const std::vector<Field> nothing_ = {};
  LineNotes idle_;
};

}  // namespace gemel::ingest
