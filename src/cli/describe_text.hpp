#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ingest/data_advice.hpp"
#include "ingest/data_summary.hpp"

namespace gemel::cli {

/// A data set with what is to be said of it.
struct DataDescription {
  ingest::DataSummary data;
  std::vector<ingest::Mistake> mistakes;
  std::string command;  ///< that a training might begin with
};

/// For people: whole lines.
std::string description_text(const DataDescription& description);

/// All of it.
nlohmann::ordered_json to_json(const DataDescription& description);

}  // namespace gemel::cli
