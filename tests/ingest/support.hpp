#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/base/error.hpp"
#include "gemel/ingest/columns.hpp"
#include "gemel/ingest/string_exchange.hpp"
#include "gemel/ingest/vocabulary.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

/// A fresh directory that root makes, all ranks see, and root removes. Collective.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(mpi::Communicator& communicator) : communicator_(communicator) {
    std::string name;
    if (communicator_.is_root()) {
      name = (std::filesystem::temp_directory_path() / "gemel-ingest-XXXXXX").string();
      EXPECT_NE(mkdtemp(name.data()), nullptr);
    }
    communicator_.broadcast(name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    communicator_.barrier();
    if (communicator_.is_root()) std::filesystem::remove_all(path_);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file into the directory. Collective.
  std::filesystem::path write(std::string_view name, std::string_view content) {
    if (communicator_.is_root()) std::ofstream(path_ / name, std::ios::binary) << content;
    communicator_.barrier();
    return path_ / name;
  }

 private:
  mpi::Communicator& communicator_;
  std::filesystem::path path_;
};

/// The error that `action` ends in, by its code and message.
struct Failure {
  base::ExitCode code = base::ExitCode::success;
  std::string message;
};

template <class Action>
Failure failure_of(Action action) {
  try {
    action();
  } catch (const base::Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

inline StringColumn make_column(const std::vector<std::string>& texts) {
  StringColumn column;
  for (const std::string& text : texts) column.push_back(text);
  return column;
}

/// This rank's block of rows that all ranks know.
template <class T>
std::vector<T> block_of(const std::vector<T>& all, const mpi::Communicator& communicator) {
  const auto rank = static_cast<std::size_t>(communicator.rank());
  const auto size = static_cast<std::size_t>(communicator.size());
  const auto at = [&](std::size_t part) {
    return all.begin() + static_cast<std::ptrdiff_t>(all.size() * part / size);
  };
  return {at(rank), at(rank + 1)};
}

/// The strings of all rows of a vocabulary of which each rank has a block. Collective.
inline std::vector<std::string> whole(const VocabularyBlock& block, mpi::Communicator& communicator) {
  const auto range = exchange::RowBlocks(block.rows, communicator.size()).block(communicator.rank());
  EXPECT_EQ(block.first, range.first);
  EXPECT_EQ(block.strings.size(), static_cast<std::size_t>(range.size()));
  return all_gather_strings(block.strings, communicator).texts();
}

}  // namespace gemel::ingest
