#include "cli/named_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "mpi/agreement.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class NamedDataTest : public testing::Test {
 protected:
  std::string refusal(const std::vector<NamedPath>& paths) {
    try {
      require_there(paths, "run-001-step-00000040.h5", self_);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::data);
      return error.what();
    }
    return "no error";
  }

  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{self_};
  const std::string there_ = directory_.path().string();
};

TEST_F(NamedDataTest, WhatIsThereIsLeftToItsReader) {
  EXPECT_EQ(refusal({}), "no error");
  EXPECT_EQ(refusal({{"data", there_}, {"test-file", there_, true}, {"train-file", "/dev/null"}}),
            "no error");
}

TEST_F(NamedDataTest, AMistypedPathIsToBeChecked) {
  EXPECT_THAT(refusal({{"data", "nope"}}),
              AllOf(StartsWith("--data nope: there is no such directory. Check the path"),
                    Not(HasSubstr("run-001"))));
  EXPECT_THAT(refusal({{"train-file", there_}, {"test-file", "nope"}}),
              StartsWith("--test-file nope: there is no such file."));
}

TEST_F(NamedDataTest, APathOfTheCheckpointIsToBeGivenAnew) {
  const std::string moved = there_ + "/moved";
  EXPECT_THAT(refusal({{"train-file", there_, true}, {"validation-file", moved, true}}),
              AllOf(StartsWith("--validation-file " + moved + ": there is no such file."),
                    HasSubstr("of run-001-step-00000040.h5"),
                    HasSubstr("give --validation-file PATH anew, which replaces it.")));
  EXPECT_THAT(refusal({{"data", moved, true}}),
              HasSubstr("give --data PATH anew, which replaces it; all other settings have to be given"));
}

}  // namespace
}  // namespace gemel::cli
