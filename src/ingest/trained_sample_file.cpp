#include "ingest/trained_sample_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <span>

namespace gemel::ingest {

void write_sample(checkpoint::CheckpointWriter& writer, const std::string& group,
                  const TrainedSample& sample) {
  writer.write(group + "/trained_pairs", std::span<const std::uint64_t>(sample.pairs));
  writer.write(group + "/trained_interactions", std::span<const std::uint64_t>(sample.interactions));
}

TrainedSample read_sample(checkpoint::CheckpointReader& reader, const std::string& group) {
  TrainedSample sample = {reader.read_vector<std::uint64_t>(group + "/trained_pairs"),
                          reader.read_vector<std::uint64_t>(group + "/trained_interactions")};
  if (sample.pairs.size() != sample.interactions.size()) {
    reader.refuse(
        fmt::format("{0}/trained_pairs and {0}/trained_interactions are of different lengths", group));
  }
  return sample;
}

}  // namespace gemel::ingest
