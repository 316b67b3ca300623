#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "cli/named_data.hpp"
#include "gemel/options.hpp"
#include "ingest/dataset.hpp"
#include "ingest/user_table.hpp"
#include "mpi/communicator.hpp"
#include "options/option_table.hpp"

namespace gemel::cli {

/// Rows that say which data it is; bound to the fields of `data`.
std::vector<options::Option> data_rows(DataOptions& data);

/// The settings of a checkpoint's training, as they would be given again.
struct SavedSettings {
  std::string path;  ///< of the checkpoint
  std::string
      source;  ///< which data it was: "--data /data/ml-100k"; of a checkpoint of an older version nothing
  std::vector<options::SavedOption> options;
};

/// Collective.
SavedSettings read_settings(checkpoint::CheckpointReader& reader);

/// Throws UsageError when neither the user nor the checkpoint says where data is.
void require_source(const SavedSettings& saved, const options::OptionTable& table);

/// Reads into the table what the user does not give: the data, unless that is named.
void read_saved_data(const SavedSettings& saved, options::OptionTable& table);
/// The same, and all else that the table has.
void read_saved(const SavedSettings& saved, options::OptionTable& table);

/// Where the data is that a command may need beside a checkpoint.
struct DataSource {
  SavedSettings saved;
  bool is_named = false;         ///< by the user; else it is the checkpoint's
  std::vector<NamedPath> paths;  ///< of all that is read
};

/// That data, read when something needs it.
class CheckpointData {
 public:
  /// `options` name the data. The arguments must outlive the object.
  CheckpointData(const TrainingOptions& options, const DataSource& source, mpi::Communicator& communicator)
      : options_(options), source_(source), communicator_(communicator) {}

  /// Null until somebody needs it.
  const ingest::Dataset* if_read() const { return dataset_ ? &*dataset_ : nullptr; }
  /// `need` says what for ("what users have seen"), and `remedy` what to do beside naming the data. Throws AgreedError (data). Collective.
  const ingest::Dataset& get(const std::string& need, const std::string& remedy);
  /// What it tells of users, of the columns that are `wanted`, if it does and is there still. Collective.
  std::optional<ingest::UserTable> users(const ingest::WantedColumns& wanted) const;

 private:
  /// The data of the checkpoint that is not there any more.
  std::optional<NamedPath> find_missing() const;
  void require_there(const std::string& need, const std::string& remedy) const;

  const TrainingOptions& options_;
  const DataSource& source_;
  mpi::Communicator& communicator_;
  std::optional<ingest::Dataset> dataset_;
};

}  // namespace gemel::cli
