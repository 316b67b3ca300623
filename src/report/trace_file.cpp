#include "report/trace_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::report {
namespace {

using metering::Phase;
using metering::PhaseSpan;
using Clock = metering::PhaseRecorder::Clock;

/// Spans that root receives from all ranks at once, and the least room of each rank among them.
constexpr std::size_t piece = 1 << 13;
constexpr std::size_t least_piece = 1 << 8;

const char* category(Phase phase) {
  const bool is_of_epoch = phase == Phase::deal || phase == Phase::evaluation || phase == Phase::checkpoint;
  return is_of_epoch ? "epoch" : "step";
}

/// Nanoseconds as microseconds, with all digits.
std::string microseconds(std::int64_t time) {
  const std::int64_t size = std::abs(time);
  return fmt::format("{}{}.{:03}", time < 0 ? "-" : "", size / 1000, size % 1000);
}

/// Opens the file for `mode`, or says why not.
void open(std::ofstream& file, const std::string& path, std::ios::openmode mode) {
  file.open(path, mode);
  if (file) return;
  throw base::UsageError(
      fmt::format("--trace {}: cannot write this file: {}; give a path in a directory that exists and is "
                  "writable",
                  path, std::strerror(errno)));
}

/// Writes the text of a trace.
class TraceText {
 public:
  TraceText(std::ofstream& out, const std::vector<std::int64_t>& dropped)
      : out_(out), last_steps_(dropped.size(), 0) {
    out_ << fmt::format(
        R"({{"displayTimeUnit":"ms","otherData":{{"ranks":{},"dropped":[{}]}},"traceEvents":[)",
        dropped.size(), fmt::join(dropped, ","));
    for (std::size_t rank = 0; rank < dropped.size(); ++rank) name_process(rank);
  }

  /// A rank's spans come in the order of time.
  void add(std::size_t rank, std::span<const PhaseSpan> spans) {
    for (const PhaseSpan& span : spans) {
      if (span.step != last_steps_[rank]) mark_step(rank, span);
      event(R"({{"name":"{}","cat":"{}","ph":"X","ts":{},"dur":{},"pid":{},"tid":0,"args":{{"step":{}}}}})",
            metering::phase_names[static_cast<std::size_t>(span.phase)], category(span.phase),
            microseconds(span.start), microseconds(span.duration), process(rank), span.step);
    }
  }

  void finish() { out_ << "\n]}\n" << std::flush; }

 private:
  /// Viewers take process 0 for the idle one.
  static std::size_t process(std::size_t rank) { return rank + 1; }

  void name_process(std::size_t rank) {
    const std::string name = fmt::format(R"("name":"rank {}")", rank);
    const std::string place = fmt::format(R"("sort_index":{})", rank);
    for (const auto& [what, value] : {std::pair{"process_name", name}, {"process_sort_index", place}}) {
      event(R"({{"name":"{}","cat":"__metadata","ph":"M","ts":0,"pid":{},"tid":0,"args":{{{}}}}})", what,
            process(rank), value);
    }
  }

  void mark_step(std::size_t rank, const PhaseSpan& first) {
    last_steps_[rank] = first.step;
    event(
        R"({{"name":"step {0}","cat":"marker","ph":"i","s":"p","ts":{1},"pid":{2},"tid":0,"args":{{"step":{0}}}}})",
        first.step, microseconds(first.start), process(rank));
  }

  template <class... Values>
  void event(fmt::format_string<Values...> format, Values&&... values) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}\n", is_first_ ? "" : ",");
    fmt::format_to(std::back_inserter(line_), format, std::forward<Values>(values)...);
    out_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
    is_first_ = false;
  }

  std::ofstream& out_;
  std::string line_;
  bool is_first_ = true;
  std::vector<std::uint32_t> last_steps_;  // by rank
};

/// Hands all ranks' spans to `text`, on root, in pieces. Collective.
void gather(std::span<const PhaseSpan> mine, mpi::Communicator& communicator, TraceText* text) {
  const auto ranks = static_cast<std::size_t>(communicator.size());
  const std::size_t most = std::max(least_piece, piece / ranks);
  const auto longest = static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(mine.size())));
  std::vector<std::size_t> to(ranks, 0);
  std::vector<std::size_t> from;
  for (std::size_t begin = 0; begin < longest; begin += most) {
    const auto rest = mine.subspan(std::min(begin, mine.size()));
    to.front() = std::min(most, rest.size());
    const auto all = communicator.all_to_all(rest.first(to.front()), std::span<const std::size_t>(to), from);
    if (text == nullptr) continue;
    std::span<const PhaseSpan> left = all;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      text->add(rank, left.first(from[rank]));
      left = left.subspan(from[rank]);
    }
  }
}

}  // namespace

Clock::time_point common_zero(mpi::Communicator& communicator) {
  std::array<std::int64_t, 31> left{};
  for (std::int64_t& moment : left) {
    communicator.barrier();
    moment = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
  }
  auto on_root = left;
  communicator.broadcast(std::span<std::int64_t>(on_root));
  std::array<std::int64_t, left.size()> ahead{};
  for (std::size_t i = 0; i < left.size(); ++i) ahead[i] = left[i] - on_root[i];
  const auto median = ahead.begin() + ahead.size() / 2;
  std::ranges::nth_element(ahead, median);
  return Clock::time_point(std::chrono::nanoseconds(on_root.front() + *median));
}

TraceFile::TraceFile(const std::string& path, mpi::Communicator& communicator, std::size_t capacity)
    : path_(path), communicator_(communicator), recorder_(capacity, common_zero(communicator)) {
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) open(file_, path, std::ios::app);
  });
}

void TraceFile::write() {
  const std::vector<std::int64_t> dropped = communicator_.all_gather(recorder_.dropped());
  const std::vector<PhaseSpan> mine = recorder_.spans();
  if (!communicator_.is_root()) return gather(mine, communicator_, nullptr);
  warn_of(dropped, mine.size());
  file_.close();
  file_.open(path_, std::ios::trunc);
  TraceText text(file_, dropped);
  gather(mine, communicator_, &text);
  text.finish();
  if (!file_) spdlog::warn("--trace {}: cannot write it all ({})", path_, std::strerror(errno));
}

void TraceFile::warn_of(const std::vector<std::int64_t>& dropped, std::size_t kept) const {
  const std::int64_t most = *std::ranges::max_element(dropped);
  if (most == 0) return;
  spdlog::warn("--trace {}: has the last {} scopes of each rank; up to {} earlier ones were dropped", path_,
               kept, most);
}

}  // namespace gemel::report
