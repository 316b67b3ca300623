#include "base/output_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/error.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::base {
namespace {

using testing::HasSubstr;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(OutputFile, HasItsNameOnceItIsCommitted) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
  const auto path = directory.path() / "items.csv";
  OutputFile file(path, false);
  file.write("query,rank\n");
  file.write("1,2\n");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(file.size(), 15U);
  file.commit();
  EXPECT_EQ(content(path), "query,rank\n1,2\n");
  EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(OutputFile, LeavesNothingWhenItIsNotCommitted) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
  { OutputFile(directory.path() / "items.csv", false).write("half"); }
  EXPECT_EQ(files_in(directory.path()), 0U);
}

TEST(OutputFile, ReplacesOnlyWhenTold) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
  const auto path = directory.path() / "items.csv";
  std::ofstream(path) << "old";
  try {
    OutputFile(path, false);
    ADD_FAILURE() << "replaced";
  } catch (const OutputError& error) {
    EXPECT_EQ(error.code(), ExitCode::output);
    EXPECT_THAT(error.what(), HasSubstr("items.csv: this file exists already; give --force"));
  }
  {
    OutputFile file(path, true);
    file.write("new");
    EXPECT_EQ(content(path), "old");
    file.commit();
  }
  EXPECT_EQ(content(path), "new");
  EXPECT_THROW(OutputFile(directory.path(), true), OutputError);
}

TEST(OutputFile, ReplacesNothingThatCameMeanwhile) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
  const auto path = directory.path() / "items.csv";
  OutputFile file(path, false);
  file.write("late");
  std::ofstream(path) << "early";
  EXPECT_THROW(file.commit(), OutputError);
  EXPECT_EQ(content(path), "early");
}

TEST(OutputFile, TellsWhyItCannotBeWritten) {
  try {
    OutputFile("/nowhere/items.csv", false);
    ADD_FAILURE() << "created";
  } catch (const OutputError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("/nowhere/items.csv: cannot create this file: No such file or directory"));
  }
}

}  // namespace
}  // namespace gemel::base
