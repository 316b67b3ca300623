#pragma once

#include <filesystem>
#include <string>

#include "ingest/dataset_reader.hpp"
#include "ingest/prepared_format.hpp"

namespace gemel::ingest {

/// Reads a file of prepared data (ingest/prepared_format.hpp), or the one of a directory that is called data.h5.
class PreparedReader final : public DatasetReader {
 public:
  std::string name() const override { return "prepared data"; }
  std::string looks_for() const override { return prepared_name; }
  bool recognises(const std::filesystem::path& path) const override;
  bool has_joined_users() const override { return true; }
  Dataset read(const std::filesystem::path& path, const WantedColumns& wanted, BadLines bad_lines,
               mpi::Communicator& communicator) const override;
};

}  // namespace gemel::ingest
