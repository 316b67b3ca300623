#include "report/trace_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "metering/phase_timer.hpp"
#include "mpi/agreement.hpp"

namespace gemel::report {
namespace {

using metering::Phase;
using nlohmann::json;
using std::chrono::nanoseconds;

constexpr std::size_t phases = metering::phase_names.size();

std::int64_t to_nanoseconds(const json& microseconds) {
  return std::llround(microseconds.get<double>() * 1000);
}

/// Collects what is logged while it lives.
class LogCapture {
 public:
  LogCapture() {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  ~LogCapture() { spdlog::set_default_logger(usual_); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::string text() const { return log_.str(); }

 private:
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> usual_ = spdlog::default_logger();
};

class TraceFileTest : public testing::Test {
 protected:
  ~TraceFileTest() override { std::filesystem::remove(path_); }

  json read() const { return json::parse(std::ifstream(path_)); }

  /// The events of one kind ("ph") and rank, in the order of the file.
  static std::vector<json> events(const json& trace, const std::string& kind, std::size_t rank) {
    std::vector<json> result;
    for (const json& event : trace.at("traceEvents")) {
      if (event.at("ph") == kind && event.at("pid") == rank + 1) result.push_back(event);
    }
    return result;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  std::size_t ranks_ = static_cast<std::size_t>(world_.size());
  std::size_t rank_ = static_cast<std::size_t>(world_.rank());
  // Root writes and reads it.
  std::string path_ = testing::TempDir() + "gemel_trace_" + std::to_string(getpid()) + ".json";
};

TEST_F(TraceFileTest, HasWhatTheTimersOfAllRanksMeasured) {
  TraceFile trace(path_, world_);
  metering::PhaseTimer timer;
  timer.record_to(&trace.recorder());
  // More than travels at once, and not the same number on every rank.
  for (std::size_t i = 0; i < 9000 + 100 * rank_; ++i) {
    const auto timing = timer.measure(static_cast<Phase>(i % phases));
  }
  trace.write();
  const auto seconds = world_.all_gather(timer.all());
  if (!world_.is_root()) return;

  const json file = read();
  EXPECT_EQ(file.at("displayTimeUnit"), "ms");
  EXPECT_EQ(file.at("otherData"),
            json({{"ranks", ranks_}, {"dropped", std::vector<std::int64_t>(ranks_, 0)}}));
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    const auto spans = events(file, "X", rank);
    ASSERT_EQ(spans.size(), 9000 + 100 * rank);
    std::map<std::string, std::int64_t> sums;
    std::int64_t end = to_nanoseconds(spans[0].at("ts"));
    for (std::size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(spans[i].at("name"), metering::phase_names[i % phases]);
      EXPECT_EQ(spans[i].at("tid"), 0);
      EXPECT_EQ(spans[i].at("args"), json({{"step", 0}}));
      const std::int64_t start = to_nanoseconds(spans[i].at("ts"));
      EXPECT_GE(start, end) << "rank " << rank << ", span " << i;
      sums[spans[i].at("name")] += to_nanoseconds(spans[i].at("dur"));
      end = start + to_nanoseconds(spans[i].at("dur"));
    }
    for (std::size_t phase = 0; phase < phases; ++phase) {
      EXPECT_NEAR(static_cast<double>(sums[std::string(metering::phase_names[phase])]) * 1e-9,
                  seconds[rank][phase], 1e-9);
    }
  }
}

TEST_F(TraceFileTest, NamesAProcessForEachRankInOrder) {
  TraceFile(path_, world_).write();
  if (!world_.is_root()) return;
  const json file = read();
  EXPECT_EQ(file.at("traceEvents").size(), 2 * ranks_);
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    const auto names = events(file, "M", rank);
    ASSERT_EQ(names.size(), 2U);
    for (const json& event : names) {
      EXPECT_EQ(event.at("cat"), "__metadata");
      EXPECT_EQ(event.at("ts"), 0);
    }
    EXPECT_EQ(names[0].at("name"), "process_name");
    EXPECT_EQ(names[0].at("args"), json({{"name", "rank " + std::to_string(rank)}}));
    EXPECT_EQ(names[1].at("name"), "process_sort_index");
    EXPECT_EQ(names[1].at("args"), json({{"sort_index", rank}}));
  }
}

TEST_F(TraceFileTest, WritesMicrosecondsSinceTheCommonZeroAndMarksSteps) {
  const auto before = metering::PhaseRecorder::Clock::now();
  TraceFile trace(path_, world_);
  const auto start = metering::PhaseRecorder::Clock::now();
  trace.recorder().add(Phase::deal, start, start + nanoseconds(1234567));
  for (std::int64_t step = 1; step <= 2; ++step) {
    trace.recorder().begin_step(step);
    const auto begin = start + nanoseconds(step * 2'000'000'005);
    trace.recorder().add(Phase::lookup, begin, begin + nanoseconds(7));
    trace.recorder().add(Phase::checkpoint, begin + nanoseconds(7), begin + nanoseconds(20));
  }
  trace.write();
  const auto longest = world_.all_gather(std::int64_t{nanoseconds(start - before).count()});
  if (!world_.is_root()) return;

  const json file = read();
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    const auto spans = events(file, "X", rank);
    ASSERT_EQ(spans.size(), 5U);
    EXPECT_EQ(spans[0].at("name"), "deal");
    EXPECT_EQ(spans[0].at("cat"), "epoch");
    EXPECT_EQ(spans[1].at("cat"), "step");
    EXPECT_EQ(spans[2].at("cat"), "epoch");
    EXPECT_EQ(to_nanoseconds(spans[0].at("dur")), 1234567);
    EXPECT_EQ(to_nanoseconds(spans[1].at("dur")), 7);
    const std::int64_t first = to_nanoseconds(spans[0].at("ts"));
    EXPECT_LT(first, *std::ranges::max_element(longest));
    EXPECT_EQ(to_nanoseconds(spans[1].at("ts")) - first, 2'000'000'005);
    EXPECT_EQ(to_nanoseconds(spans[4].at("ts")) - first, 4'000'000'017);
    const auto markers = events(file, "i", rank);
    ASSERT_EQ(markers.size(), 2U);
    EXPECT_EQ(markers[0].at("name"), "step 1");
    EXPECT_EQ(markers[0].at("ts"), spans[1].at("ts"));
    EXPECT_EQ(markers[1].at("name"), "step 2");
    EXPECT_EQ(markers[1].at("ts"), spans[3].at("ts"));
  }
}

TEST_F(TraceFileTest, TellsHowManySpansWereDropped) {
  TraceFile trace(path_, world_, 5);
  const auto start = metering::PhaseRecorder::Clock::now();
  for (std::size_t i = 0; i < 8 + rank_; ++i) {
    trace.recorder().add(Phase::loss, start, start + nanoseconds(i));
  }
  const LogCapture log;
  trace.write();
  if (!world_.is_root()) {
    EXPECT_EQ(log.text(), "");
    return;
  }
  EXPECT_THAT(log.text(), testing::HasSubstr("the last 5 scopes of each rank; up to " +
                                             std::to_string(3 + ranks_ - 1) + " earlier ones"));
  const json file = read();
  for (std::size_t rank = 0; rank < ranks_; ++rank) {
    EXPECT_EQ(file.at("otherData").at("dropped").at(rank), 3 + rank);
    const auto spans = events(file, "X", rank);
    ASSERT_EQ(spans.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(to_nanoseconds(spans[i].at("dur")), 3 + rank + i);
  }
}

TEST_F(TraceFileTest, LeavesTheFileAloneUntilItIsWritten) {
  const std::string earlier(100000, '.');
  if (world_.is_root()) std::ofstream(path_) << earlier;
  TraceFile trace(path_, world_);
  if (world_.is_root()) {
    EXPECT_EQ(std::filesystem::file_size(path_), earlier.size());
  }
  trace.write();
  if (!world_.is_root()) return;
  EXPECT_EQ(read().at("traceEvents").size(), 2 * ranks_);
}

TEST_F(TraceFileTest, RefusesOnAllRanksAPathThatCannotBeWritten) {
  try {
    TraceFile trace("no/such/directory/trace.json", world_);
    FAIL() << "the file was opened";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_THAT(error.what(), testing::AllOf(testing::StartsWith("--trace no/such/directory/trace.json: "),
                                             testing::HasSubstr("No such file or directory; give a path")));
  }
}

TEST_F(TraceFileTest, WarnsWhenTheDiskIsFull) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "this system has no /dev/full to write to";
  const LogCapture log;
  TraceFile("/dev/full", world_).write();
  if (!world_.is_root()) return;
  EXPECT_THAT(log.text(), testing::HasSubstr("No space left on device"));
}

// All ranks of this test share one clock.
TEST_F(TraceFileTest, RanksAgreeOnTimeZeroThoughOneIsLate) {
  if (rank_ + 1 == ranks_) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto zero = nanoseconds(common_zero(world_).time_since_epoch()).count();
  const auto all = world_.all_gather(std::int64_t{zero});
  const auto [least, most] = std::ranges::minmax(all);
  RecordProperty("nanoseconds_apart", std::to_string(most - least));
  EXPECT_LT(most - least, 50'000'000);
}

}  // namespace
}  // namespace gemel::report
