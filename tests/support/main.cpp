// The entry point of every test program: runs GoogleTest on all ranks of an mpirun, reports from rank 0, prints the
// failures of the other ranks, and fails on every rank when any rank failed.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "mpi/communicator.hpp"
#include "mpi/environment.hpp"

namespace {

class PrintFailuresOfRank : public testing::EmptyTestEventListener {
 public:
  explicit PrintFailuresOfRank(int rank) : rank_(rank) {}

  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }

  // Must not ask the UnitTest which test is running: GoogleTest holds its lock here.
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::cerr << "rank " << rank_ << ": " << test_ << "\n"
              << (result.file_name() != nullptr ? result.file_name() : "") << ":" << result.line_number()
              << ": " << result.message() << "\n";
  }

 private:
  int rank_;
  std::string test_;
};

}  // namespace

int main(int argc, char** argv) {
  gemel::mpi::Environment environment(argc, argv);
  auto world = gemel::mpi::Communicator::world();
  testing::InitGoogleTest(&argc, argv);
  if (!world.is_root()) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new PrintFailuresOfRank(world.rank()));
  }
  const int failed = RUN_ALL_TESTS();
  const bool any_failed = world.max(std::int64_t{failed}) != 0;
  if (any_failed && world.is_root() && failed == 0) std::cerr << "Tests failed on other ranks only.\n";
  return any_failed ? 1 : 0;
}
