#include "ingest/record_splitter.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {

void refuse_objects(const FileSample& sample, const std::filesystem::path& path) {
  if (sample.lines().empty() || !begins_object(sample.lines().front().text)) return;
  throw mpi::AgreedError(
      base::ExitCode::data,
      fmt::format(
          "{0}: is JSON, which is read of interactions only. Write it as a table: jq -r '[.id, .title] | "
          "@csv' {0} >table.csv, with the keys that your objects have, and a first line of names.",
          path.string()));
}

}  // namespace gemel::ingest
