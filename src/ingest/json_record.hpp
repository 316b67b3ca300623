#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/field_splitter.hpp"

namespace gemel::ingest {

/// Cuts lines that are JSON objects into the fields of wanted keys.
///
/// A string is the text that it stands for; a number, true and false are as they are written; null, a key that is missing, and an
/// object are empty. An array of such values is them with '|' between them, and empty if there are arrays or objects in it.
/// "a.b" is the key b of the object that a is. The values of other keys are skipped without a close look.
class JsonRecord {
 public:
  explicit JsonRecord(std::vector<std::string> wanted);
  JsonRecord(JsonRecord&&) noexcept;
  JsonRecord& operator=(JsonRecord&&) noexcept;
  ~JsonRecord();

  /// The fields of `line` in the order of the wanted keys, valid until the next call. The source of a field that is missing is empty
  /// and at the beginning of the line. If the line is not as it should be, fault() tells, and the fields say nothing.
  const std::vector<Field>& operator()(std::string_view line);

  /// `expected` is empty when all is well.
  const FieldSplitter::Fault& fault() const;

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

/// The keys of a line in their order, those of objects in it as "a.b"; none if it is not a JSON object.
std::vector<std::string> keys_of(std::string_view line);

}  // namespace gemel::ingest
