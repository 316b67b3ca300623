#include "ingest/data_identity_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "ingest/trained_sample_file.hpp"

namespace gemel::ingest {

void write_data_identity(checkpoint::CheckpointWriter& writer, const DataIdentity& data) {
  writer.attribute("/data", "name", data.name);
  writer.attribute("/data", "interactions", data.interactions);
  writer.attribute("/data", "train_examples", data.train_examples);
  writer.attribute("/data", "test_examples", data.test_examples);
  writer.attribute("/data", "content_hash", data.content_hash);
  if (data.validation_examples > 0)
    writer.attribute("/data", "validation_examples", data.validation_examples);
  write_sample(writer, "/data", data.trained);
  if (!data.split) return;
  writer.attribute("/data", "split_test_begin", data.split->test_begin);
  writer.attribute("/data", "split_test_end", data.split->test_end);
  writer.attribute("/data", "split_validation_end", data.split->validation_end);
  writer.attribute("/data", "split_train_until", data.split->train_until);
}

DataIdentity read_data_identity(checkpoint::CheckpointReader& reader) {
  const auto number = [&](const char* name) { return reader.attribute<std::int64_t>("/data", name); };
  const auto count = [&](const char* name) {
    const std::int64_t value = number(name);
    if (value < 0) reader.refuse_damaged(fmt::format("{} of /data is {}", name, value));
    return value;
  };
  DataIdentity data;
  data.name = reader.attribute<std::string>("/data", "name");
  data.interactions = count("interactions");
  data.train_examples = count("train_examples");
  data.test_examples = count("test_examples");
  data.content_hash = reader.attribute<std::uint64_t>("/data", "content_hash");
  if (reader.has_attribute("/data", "validation_examples"))
    data.validation_examples = count("validation_examples");
  if (reader.has("/data/trained_pairs")) data.trained = read_sample(reader, "/data");
  data.split.reset();
  if (reader.has_attribute("/data", "split_test_end")) {
    data.split = {number("split_test_begin"), number("split_test_end"), number("split_validation_end"),
                  number("split_train_until")};
  }
  return data;
}

}  // namespace gemel::ingest
