#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/delimited_reader.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// `text` in quotes for messages, shortened (not within a UTF-8 character), and with control characters, bytes that are no UTF-8
/// and characters that show nothing (such as U+200B) made visible.
std::string quote(std::string_view text);

/// Lines of a file that are not what they should be, collected so that one message can tell of all of them.
class LineErrors {
 public:
  explicit LineErrors(std::filesystem::path path) : path_(std::move(path)) {}

  /// Notes one bad line. `where` is the part of line.text that is wrong; `expected` says what it should have
  /// been. Call in order of lines, once a line.
  void add(const Line& line, std::string_view where, std::string_view expected);

  /// Throws mpi::AgreedError (data) on every rank if any rank has noted a bad line. The message lists the
  /// first ten of all ranks as "path:line:column: 'text': expected ...", columns counted in bytes from 1,
  /// then says how many there are and, with `remedy`, what to do. For lines that every rank has seen, give
  /// Communicator::self(). Collective.
  void throw_if_any(std::string_view remedy, mpi::Communicator& communicator) const;

  /// The same, or, where bad lines are skipped, a warning of root instead. Collective.
  void settle(BadLines bad_lines, std::string_view remedy, mpi::Communicator& communicator) const;

 private:
  /// "path:line:column: ..." of the first ten, and how many there are; empty where there are none. Collective.
  std::string summary(std::string_view what, mpi::Communicator& communicator) const;

  std::filesystem::path path_;
  std::int64_t count_ = 0;
  std::vector<std::string> first_;  // the messages of the first ten
};

}  // namespace gemel::ingest
