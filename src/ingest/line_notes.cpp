#include "ingest/line_notes.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

namespace gemel::ingest {

void LineNotes::add(const Line& line, std::string_view what) {
  if (++count_ == 1) first_ = fmt::format("line {}, {}", line.number, what);
}

void LineNotes::tell(const std::filesystem::path& path, std::string_view one, std::string_view many,
                     mpi::Communicator& communicator) const {
  const std::int64_t count = communicator.sum(count_);
  const std::vector<std::string> firsts = communicator.all_gather(first_);
  if (count == 0 || !communicator.is_root()) return;
  const auto first = std::ranges::find_if(firsts, [](const std::string& text) { return !text.empty(); });
  spdlog::info("{}: {} {}, the first: {}", path.string(), count, count == 1 ? one : many, *first);
}

}  // namespace gemel::ingest
