#pragma once

#include <string>
#include <vector>

#include "cli/spare_ranks.hpp"
#include "options/option.hpp"

namespace gemel::cli {

/// What every command is told that uses a trained model.
struct ModelCommandOptions {
  std::string checkpoint;  ///< or a directory: its newest sound one
  int threads = 1;         ///< of every rank
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  std::string config;
};

/// Bound to the fields of `options`, which must outlive them.
std::vector<options::Option> model_rows(ModelCommandOptions& options);
/// The same of a command that computes nothing, and so has no threads.
std::vector<options::Option> reading_rows(ModelCommandOptions& options);

/// --json: one document on standard output instead of the table for people.
options::Option json_row(bool& field);
/// --force: what is in the way of an output file is replaced.
options::Option force_row(bool& field);

}  // namespace gemel::cli
