#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/field_splitter.hpp"
#include "ingest/json_record.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// Whether a line begins as a JSON object does.
inline bool begins_object(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{';
}

/// Refuses a file of JSON Lines where a table with fields is expected. Throws AgreedError (data).
void refuse_objects(const FileSample& sample, const std::filesystem::path& path);

/// Cuts lines into fields, which stand between separators or, where keys are named, are those of a JSON object.
class RecordSplitter {
 public:
  RecordSplitter(Separator separator, const std::vector<std::string>& keys) : fields_(separator) {
    if (!keys.empty()) object_.emplace(keys);
  }

  /// As FieldSplitter.
  const std::vector<Field>& operator()(std::string_view line) {
    return object_ ? (*object_)(line) : fields_(line);
  }
  const FieldSplitter::Fault& fault() const { return object_ ? object_->fault() : fields_.fault(); }

 private:
  FieldSplitter fields_;
  std::optional<JsonRecord> object_;
};

}  // namespace gemel::ingest
