#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/field_splitter.hpp"
#include "ingest/json_record.hpp"

namespace gemel::ingest {

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
