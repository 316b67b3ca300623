#include "serving/id_lines.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/algorithm/string/trim.hpp>
#include <string_view>
#include <unordered_set>

#include "base/error.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/text_file.hpp"
#include "mpi/agreement.hpp"

namespace gemel::serving {

std::filesystem::path readable_path(const std::string& given) {
  return given == "-" ? "/dev/stdin" : given;
}

ingest::StringColumn read_id_lines(const std::string& path, mpi::Communicator& communicator) {
  const std::filesystem::path file = readable_path(path);
  const ingest::DelimitedText text =
      ingest::as_utf8(ingest::read_whole(file, "\t", communicator), file, communicator);
  ingest::StringColumn ids;
  std::unordered_set<std::string> met;
  std::int64_t repeated = 0;
  text.for_each_line([&](const ingest::Line& line) {
    const std::string id = boost::algorithm::trim_copy(std::string(line.text));
    if (id.empty()) return;
    if (met.insert(id).second) {
      ids.push_back(id);
    } else {
      ++repeated;
    }
  });
  if (ids.empty()) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: there are no ids in this file; give one a line", file.string()));
  }
  if (repeated > 0) spdlog::info("{}: {} lines repeat an id, which counts once", file.string(), repeated);
  return ids;
}

}  // namespace gemel::serving
