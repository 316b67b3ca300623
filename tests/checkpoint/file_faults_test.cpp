#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "mpi/agreement.hpp"
#include "support/any_file.hpp"
#include "support/faulty_files.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using Fault = FaultyFiles::Fault;

// Calls of the system that fail on one rank, one after the other: nothing hangs, all ranks know, and no file is lost or half there.
class FileFaultsTest : public testing::Test {
 protected:
  static constexpr std::size_t rows = 1000;
  enum class Way { at_once, in_background };

  static float value(std::size_t row) { return static_cast<float>(row) * 0.25F; }

  static void write_content(CheckpointWriter& writer) {
    std::vector<float> values(rows);
    for (std::size_t row = 0; row < rows; ++row) values[row] = value(row);
    const auto rank = static_cast<std::size_t>(writer.communicator().rank());
    const auto size = static_cast<std::size_t>(writer.communicator().size());
    const std::size_t first = rows * rank / size;
    const std::size_t end = rows * (rank + 1) / size;
    writer.attribute("/", "config", "eight");
    writer.write_rows("/values", rows, first, std::span<const float>(values).subspan(first, end - first));
    writer.write("/all", std::span<const float>(values));
  }
  void write_file(const std::filesystem::path& path, Way way) { write_file(path, way, world_); }
  static void write_file(const std::filesystem::path& path, Way way, mpi::Communicator& communicator) {
    if (way == Way::at_once) {
      CheckpointWriter writer(path, communicator);
      write_content(writer);
      writer.commit();
      return;
    }
    SnapshotMemory memory;
    CheckpointWriter writer(path, communicator, memory);
    write_content(writer);
    writer.start()->finish();
  }
  void read_file(const std::filesystem::path& path) { read_file(path, world_); }
  static void read_file(const std::filesystem::path& path, mpi::Communicator& communicator) {
    CheckpointReader reader(path, communicator, any_file());
    reader.verify();
    EXPECT_EQ(reader.attribute<std::string>("/", "config"), "eight");
    std::vector<float> all = reader.read_vector<float>("/all");
    ASSERT_EQ(all.size(), rows);
    for (std::size_t row = 0; row < rows; ++row) EXPECT_EQ(all[row], value(row));
  }
  /// What the action ends with on this rank; the same on all. Empty: with no error.
  std::string end_of(FaultyFiles& files, const std::function<void()>& action) {
    const base::ReplacedFileCalls replaced(files);
    std::string message;
    try {
      action();
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message), testing::Each(message));
    return message;
  }
  std::vector<std::string> files() {
    world_.barrier();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    world_.barrier();
    return names;
  }

  /// Lets call after call fail on each rank in turn, until one has made all of its calls.
  void strike(Fault fault, int error, int count, const std::function<void(FaultyFiles& files)>& attempt) {
    for (int unlucky = 0; unlucky < world_.size(); ++unlucky) {
      for (int call = 0;; ++call) {
        FaultyFiles files = world_.rank() == unlucky ? FaultyFiles(fault, error, call, count) : FaultyFiles();
        attempt(files);
        ++attempts_;
        const bool is_last = world_.rank() == unlucky && files.calls() <= call;
        if (world_.max(std::int64_t{is_last ? 1 : 0}) != 0) break;
      }
    }
  }

  void strike_writing(Way way, Fault fault, int error, int count) {
    const std::filesystem::path earlier = directory_ / "earlier.h5";
    if (!std::filesystem::exists(earlier)) write_file(earlier, Way::at_once);
    world_.barrier();
    const std::filesystem::path path = directory_ / "next.h5";
    strike(fault, error, count, [&](FaultyFiles& files) {
      const std::string message = end_of(files, [&] { write_file(path, way); });
      const bool has_struck = world_.max(std::int64_t{files.has_struck() ? 1 : 0}) != 0;
      EXPECT_TRUE(message.empty() || has_struck) << message;
      if (message.empty()) read_file(path);
      // A file whose name could not be made to last has it, and is whole; a half-written one may only stay where it could not be removed.
      if (std::filesystem::exists(path)) read_file(path);
      for (const std::string& name : this->files()) {
        const bool is_left = name.find(temporary_mark) != std::string::npos;
        EXPECT_TRUE(!is_left || count > 1) << name;
      }
      read_file(earlier);
      if (world_.is_root()) {
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
          if (entry.path() != earlier) std::filesystem::remove(entry.path());
      }
      world_.barrier();
    });
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  int attempts_ = 0;
};

TEST_F(FileFaultsTest, ACallThatFailsOnceEndsTheWritingOnAllRanks) {
  for (const Way way : {Way::at_once, Way::in_background}) strike_writing(way, Fault::fails, EIO, 1);
  EXPECT_GT(attempts_, 20);
}

TEST_F(FileFaultsTest, CallsThatFailFromThenOnToo) {
  constexpr int all = 1'000'000;
  for (const Way way : {Way::at_once, Way::in_background}) strike_writing(way, Fault::fails, ENOSPC, all);
}

TEST_F(FileFaultsTest, AWriteThatIsCutShortGoesOn) {
  const std::filesystem::path path = directory_ / "next.h5";
  for (const Way way : {Way::at_once, Way::in_background}) {
    strike(Fault::shortens, 0, 3, [&](FaultyFiles& files) {
      EXPECT_EQ(end_of(files, [&] { write_file(path, way); }), "");
      read_file(path);
      world_.barrier();
      if (world_.is_root()) std::filesystem::remove(path);
      world_.barrier();
    });
  }
}

TEST_F(FileFaultsTest, AFileThatCannotBeReadIsNotCalledDamaged) {
  const std::filesystem::path path = directory_ / "file.h5";
  write_file(path, Way::at_once);
  strike(Fault::fails, EIO, 1, [&](FaultyFiles& files) {
    const base::ReplacedFileCalls replaced(files);
    FileFault fault = FileFault::none;
    try {
      read_file(path);
    } catch (const FileError& error) {
      fault = error.fault;
      EXPECT_THAT(error.what(), testing::HasSubstr("cannot be read (Input/output error)"));
    }
    EXPECT_TRUE(fault == FileFault::none || fault == FileFault::unreadable);
    EXPECT_THAT(world_.all_gather(fault), testing::Each(fault));
  });
  strike(Fault::shortens, 0, 2,
         [&](FaultyFiles& files) { EXPECT_EQ(end_of(files, [&] { read_file(path); }), ""); });
}

// Training goes on while a file is written: what is in it is what was there when it began.
TEST_F(FileFaultsTest, ASnapshotIsOfTheMomentWhenItWasTaken) {
  SnapshotMemory memory;
  for (int round = 0; round < 2; ++round) {  // the second in the memory of the first
    const std::filesystem::path path = directory_ / ("round-" + std::to_string(round) + ".h5");
    std::vector<float> values(100'000);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i + 7U * static_cast<unsigned>(round));
    const std::vector<float> before = values;
    CheckpointWriter writer(path, world_, memory);
    writer.write("/values", std::span<const float>(values));
    const auto background = writer.start();
    std::ranges::fill(values, -1.0F);
    EXPECT_FALSE(std::filesystem::exists(path));
    for (bool is_done = false; !is_done;) {
      while (background->is_busy()) std::this_thread::yield();
      is_done = background->advance();
    }
    CheckpointReader reader(path, world_, any_file());
    EXPECT_EQ(reader.read_vector<float>("/values"), before);
  }
}

TEST_F(FileFaultsTest, ABackgroundWriteThatIsGivenUpLeavesNothing) {
  {
    SnapshotMemory memory;
    CheckpointWriter writer(directory_ / "file.h5", world_, memory);
    write_content(writer);
    const auto background = writer.start();
    while (background->is_busy()) std::this_thread::yield();
    background->advance();
  }
  EXPECT_THAT(files(), testing::IsEmpty());
}

/// Keeps what a machine that loses power may have lost: whatever was not synced, in any order.
class CrashingFiles : public base::FileCalls {
 public:
  struct Write {
    std::string path;
    off_t offset;
    std::string bytes;
    bool is_durable = false;
  };
  struct Name {
    std::string from;  // empty: of a file that is created
    std::string to;
    bool is_durable = false;
  };

  int open(const char* path, int flags, mode_t mode) override {
    const int descriptor = FileCalls::open(path, flags, mode);
    paths_[descriptor] = path;
    return descriptor;
  }
  ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset) override {
    writes.push_back({paths_[descriptor], offset, std::string(static_cast<const char*>(bytes), count)});
    note();
    return FileCalls::pwrite(descriptor, bytes, count, offset);
  }
  int fsync(int descriptor) override {
    for (Write& write : writes) write.is_durable = write.is_durable || write.path == paths_[descriptor];
    for (Name& name : names)
      name.is_durable = name.is_durable || std::filesystem::path(name.to).parent_path() == paths_[descriptor];
    note();
    return FileCalls::fsync(descriptor);
  }
  int rename_new(const char* from, const char* to) override {
    names.push_back({from, to});
    note();
    return FileCalls::rename_new(from, to);
  }

  /// The state after each call.
  struct Moment {
    std::vector<Write> writes;
    std::vector<Name> names;
  };
  std::vector<Moment> moments;
  std::vector<Write> writes;
  std::vector<Name> names;

 private:
  void note() { moments.push_back({writes, names}); }

  std::map<int, std::string> paths_;
};

// Power is lost at any moment, and what was not synced is there or not, each write for itself: a file that has its name is whole.
TEST_F(FileFaultsTest, WhatWasNotSyncedMayBeLostInAnyOrder) {
  auto alone = world_.split(world_.rank());  // one rank makes all of the calls, whose order is then known
  if (!world_.is_root()) return;
  for (const Way way : {Way::at_once, Way::in_background}) {
    const std::filesystem::path path = directory_ / "file.h5";
    CrashingFiles files;
    {
      const base::ReplacedFileCalls replaced(files);
      write_file(path, way, alone);
    }
    std::filesystem::remove(path);
    std::mt19937 random(7);
    int named = 0;
    for (const CrashingFiles::Moment& moment : files.moments) {
      for (int attempt = 0; attempt < 20; ++attempt) {
        const auto survives = [&](bool is_durable) { return is_durable || random() % 2 == 0; };
        std::map<std::string, std::string> disk;
        for (const auto& write : moment.writes) {
          if (!survives(write.is_durable)) continue;
          std::string& content = disk[write.path];
          const auto end = static_cast<std::size_t>(write.offset) + write.bytes.size();
          if (content.size() < end) content.resize(end);
          content.replace(static_cast<std::size_t>(write.offset), write.bytes.size(), write.bytes);
        }
        for (const auto& name : moment.names) {
          if (!survives(name.is_durable)) continue;
          disk[name.to] = disk[name.from];
          disk.erase(name.from);
        }
        const auto found = disk.find(path.string());
        if (found == disk.end()) continue;
        ++named;
        std::ofstream(path, std::ios::binary) << found->second;
        EXPECT_NO_THROW(read_file(path, alone));
      }
    }
    EXPECT_GT(named, 5);
    std::filesystem::remove(path);
  }
}

}  // namespace
}  // namespace gemel::checkpoint
