#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/checkpoint_name.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "cli/command_list.hpp"
#include "cli/common_rows.hpp"
#include "cli/model_rows.hpp"
#include "cli/report_text.hpp"
#include "run/sound_checkpoint.hpp"

namespace gemel::cli {
namespace {

struct VerifyCommandOptions {
  std::vector<std::string> paths;
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  bool json = false;
};

/// What was found of one file.
struct Finding {
  std::string path;
  std::string fault;  ///< empty: it is sound
  std::int64_t epoch = 0;
  std::int64_t step = 0;
};

options::OptionTable verify_option_table(VerifyCommandOptions& o) {
  return {"trainer verify",
          {options::Option{"Model", "path", "PATH...", "Checkpoints, and directories: all that are in them.",
                           options::texts(o.paths)}
               .as_argument(),
           spare_ranks_row(o.spare_ranks), log_level_row(o.log_level), json_row(o.json)}};
}

/// Directories become the checkpoints in them, the newest first. Root only. Throws CheckpointError.
std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    try {
      const auto names = checkpoint::list_checkpoints(path);
      for (const checkpoint::CheckpointName& name : names)
        files.push_back((std::filesystem::path(path) / name.file_name()).string());
      if (names.empty())
        throw base::CheckpointError(fmt::format("{}: there are no checkpoints in this directory", path));
    } catch (const std::filesystem::filesystem_error& error) {
      throw base::CheckpointError(fmt::format("{}: {}", path, error.what()));
    }
  }
  return files;
}

/// The same list on every rank. Collective.
std::vector<std::string> agreed_files(const std::vector<std::string>& paths,
                                      mpi::Communicator& communicator) {
  std::vector<std::string> files;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) files = files_of(paths);
  });
  std::size_t count = files.size();
  communicator.broadcast(std::span(&count, 1));
  files.resize(count);
  for (std::string& file : files) communicator.broadcast(file);
  return files;
}

/// Reads all of it. Collective.
Finding verify_file(const std::string& path, mpi::Communicator& communicator) {
  Finding finding{path, "", 0, 0};
  try {
    checkpoint::CheckpointReader reader(path, communicator);
    finding.epoch = reader.attribute<std::int64_t>("/", "epoch");
    finding.step = reader.attribute<std::int64_t>("/", "step");
    run::require_sound(reader);
  } catch (const mpi::AgreedError& error) {
    finding.fault = checkpoint::without_advice(error.what());
  }
  return finding;
}

std::string finding_text(const Finding& finding) {
  if (!finding.fault.empty()) return fmt::format("NOT SOUND  {}\n", finding.fault);
  return fmt::format("sound      {} (epoch {}, step {})\n", finding.path, finding.epoch, finding.step);
}

nlohmann::ordered_json finding_json(const Finding& finding) {
  nlohmann::ordered_json json = {{"path", finding.path}, {"sound", finding.fault.empty()}};
  if (finding.fault.empty()) {
    json["epoch"] = finding.epoch;
    json["step"] = finding.step;
  } else {
    json["fault"] = finding.fault;
  }
  return json;
}

/// `trainer verify --help`.
std::string verify_help() {
  VerifyCommandOptions defaults;
  return fmt::format(
      R"(trainer verify reads checkpoints to the end: each must be complete, have its checksums, and hold what a run
needs to go on from it, in numbers that can be. A line tells of each whether it is sound, or damaged, not
readable, of another program or of a newer version. The exit code is 0 when all are sound, and 4 when one is
not.

Usage:
  trainer verify PATH... [OPTIONS]
{}
Examples:
  trainer verify checkpoints
  mpirun -n 4 trainer verify a.h5 b.h5 --json

{})",
      verify_option_table(defaults).help(), exit_code_help());
}

int verify(const VerifyCommandOptions& options, mpi::Communicator& communicator, std::ostream& out) {
  bool are_sound = true;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& file : agreed_files(options.paths, communicator)) {
    const Finding finding = verify_file(file, communicator);
    are_sound = are_sound && finding.fault.empty();
    if (!communicator.is_root()) continue;
    if (options.json) {
      all.push_back(finding_json(finding));
    } else {
      out << finding_text(finding) << std::flush;
    }
  }
  if (options.json && communicator.is_root()) out << json_text(all);
  return static_cast<int>(are_sound ? base::ExitCode::success : base::ExitCode::checkpoint);
}

int run_verify(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  VerifyCommandOptions options;
  options::OptionTable table = verify_option_table(options);
  if (shows_help(arguments, table, verify_help(), communicator, out)) return 0;
  parse_alike([&] { table.read_command_line(arguments); });
  base::set_up_log(options.log_level, communicator.is_root());
  return on_working_ranks(communicator, options.spare_ranks, communicator.size(),
                          [&](mpi::Communicator& working) { return verify(options, working, out); });
}

}  // namespace

Command verify_command() {
  return {"verify", "check that checkpoints are whole", run_verify};
}

}  // namespace gemel::cli
