#include "base/memory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gemel::base {
namespace {

TEST(MemoryTest, KnowsWhatTheProcessHas) {
  const std::int64_t before = resident_memory();
  std::vector<char> block(std::size_t{64} << 20, 1);
  EXPECT_GE(resident_memory() - before, std::int64_t{60} << 20);
  EXPECT_GE(peak_memory(), resident_memory());
  EXPECT_LT(peak_memory(), std::int64_t{4} << 30);
  EXPECT_EQ(block[12345], 1);
}

TEST(MemoryTest, KnowsWhatTheMachineHasLeft) {
  EXPECT_GT(available_memory(), std::int64_t{16} << 20);
  EXPECT_LT(available_memory(), std::int64_t{1} << 46);
}

/// A directory with files as the kernel has them.
class MadeUpKernelTest : public testing::Test {
 protected:
  MadeUpKernelTest()
      : root_(std::filesystem::temp_directory_path() / ("gemel-memory-" + std::to_string(getpid()))) {
    file("proc/meminfo", "MemTotal:       64000 kB\nMemFree:         1000 kB\nMemAvailable:   50000 kB\n");
  }
  ~MadeUpKernelTest() override { std::filesystem::remove_all(root_); }

  void file(const std::string& path, const std::string& content) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
  }
  /// A group of version 2.
  void group(const std::string& path, const std::string& limit, const std::string& usage,
             const std::string& stat = "anon 1\n") {
    file("sys/fs/cgroup" + path + "/memory.max", limit + "\n");
    file("sys/fs/cgroup" + path + "/memory.current", usage + "\n");
    file("sys/fs/cgroup" + path + "/memory.stat", stat);
  }
  std::int64_t available() const { return available_memory(root_.string()); }

 private:
  std::filesystem::path root_;
};

TEST_F(MadeUpKernelTest, WithoutALimitLeavesWhatTheMachineHas) {
  EXPECT_EQ(available(), 51200000);
  file("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(available(), 51200000);
  group("", "max", "1000");
  EXPECT_EQ(available(), 51200000);
}

TEST_F(MadeUpKernelTest, CountsWhatTheKernelTakesBackAsFree) {
  file("proc/self/cgroup", "0::/job\n");
  group("/job", "40000000", "39000000");
  EXPECT_EQ(available(), 1000000);
  group("/job", "40000000", "39000000",
        "anon 3000000\nfile 34000000\ninactive_file 30000000\nactive_file 2000000\nslab_reclaimable 1000000\n"
        "slab_unreclaimable 500000\nworkingset_refault_file 7000000\n");
  EXPECT_EQ(available(), 40000000 - (39000000 - 33000000));
}

TEST_F(MadeUpKernelTest, IsNeverMoreThanTheLimitNorLessThanNothing) {
  file("proc/self/cgroup", "0::/job\n");
  group("/job", "40000000", "1000", "inactive_file 5000\n");  // the two are not read at one moment
  EXPECT_EQ(available(), 40000000);
  group("/job", "40000000", "41000000");
  EXPECT_EQ(available(), 0);
}

TEST_F(MadeUpKernelTest, TheTightestGroupOfThoseAboveCounts) {
  file("proc/self/cgroup", "0::/user/job/step\n");
  group("/user/job/step", "max", "1000");
  group("/user/job", "30000000", "10000000", "inactive_file 1000000\n");
  group("/user", "40000000", "39000000", "inactive_file 2000000\n");
  EXPECT_EQ(available(), 3000000);
  group("/user", "40000000", "9000000", "inactive_file 2000000\n");
  EXPECT_EQ(available(), 21000000);
}

TEST_F(MadeUpKernelTest, KnowsTheFirstVersionOfControlGroups) {
  file("proc/self/cgroup", "12:cpu,cpuacct:/job\n4:memory:/job\n0::/elsewhere\n");
  file("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "40000000\n");
  file("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "39000000\n");
  file("sys/fs/cgroup/memory/job/memory.stat",
       "inactive_file 1\nactive_file 2\ntotal_inactive_file 5000000\ntotal_active_file 3000000\n");
  EXPECT_EQ(available(), 9000000);
}

}  // namespace
}  // namespace gemel::base
