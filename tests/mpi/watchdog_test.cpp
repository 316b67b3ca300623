#include "mpi/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace gemel::mpi {
namespace {

using Message = SideChannel::Message;

/// A rank that has been in its place for so many seconds, waiting in a call or ("") at work.
Message rank_at(int rank, std::string_view call, std::string_view phase, int seconds) {
  Message message;
  message.rank = rank;
  message.milliseconds = 1000 * seconds;
  message.place.turns = call.empty() ? 2 : 3;
  message.place.step = 12;
  std::ranges::copy(call, message.place.call.begin());
  std::ranges::copy(phase, message.place.phase.begin());
  return message;
}

const std::vector<std::string> hosts = {"n1", "n1", "n2", "n2"};

TEST(HangText, NamesWhoDoesNotAnswer) {
  EXPECT_EQ(hang_text(rank_at(1, "MPI_Waitall", "exchange", 5),
                      {rank_at(0, "MPI_Waitall", "exchange", 5), std::nullopt, std::nullopt,
                       rank_at(3, "MPI_Waitall", "share", 5)},
                      hosts),
            "waited for 5 s (step 12, phase exchange, MPI_Waitall) for what has not come: rank 2 on n2 (does "
            "not answer: "
            "stopped, ended, or out of reach)");
}

TEST(HangText, NamesWhoIsAtWork) {
  EXPECT_THAT(
      hang_text(rank_at(0, "MPI_Bcast", "", 7),
                {std::nullopt, rank_at(1, "", "checkpoint", 9), rank_at(2, "MPI_Bcast", "", 7)}, hosts),
      testing::EndsWith("for what has not come: rank 1 on n1 (works: step 12, phase checkpoint, for 9 s)"));
}

TEST(HangText, LeavesOutWhoRests) {
  Message resting = rank_at(2, "", "", 100);
  resting.place.rests = true;
  const std::string text =
      hang_text(rank_at(0, "MPI_Bcast", "", 7), {std::nullopt, rank_at(1, "", "update", 9), resting}, hosts);
  EXPECT_THAT(text, testing::HasSubstr("rank 1"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("rank 2")));
}

TEST(HangText, SaysWhenAllWait) {
  EXPECT_THAT(
      hang_text(rank_at(0, "MPI_Bcast", "", 7), {std::nullopt, rank_at(1, "MPI_Barrier", "", 8)}, hosts),
      testing::EndsWith("; all ranks wait for each other: rank 1 on n1 (step 12, MPI_Barrier, for 8 s)"));
}

TEST(HangText, NamesEightOfMany) {
  const std::vector<std::optional<Message>> nobody(20);
  const std::string text =
      hang_text(rank_at(0, "MPI_Bcast", "", 7), nobody, std::vector<std::string>(20, "host"));
  EXPECT_THAT(text, testing::HasSubstr("rank 8 on host"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("rank 9 on host")));
  EXPECT_THAT(text, testing::EndsWith(", and 11 more"));
}

TEST(HangText, KnowsNobodyBeforeMpiHasStarted) {
  Message mine = rank_at(0, "MPI_Init_thread", "", 600);
  mine.place.step = 0;
  EXPECT_EQ(hang_text(mine, {}, {}),
            "waited for 600 s (MPI_Init_thread) for other ranks, which are not known yet");
}

/// What `receiver` hears within a while.
std::optional<Message> heard(SideChannel& receiver) {
  return receiver.receive(std::chrono::seconds(5));
}

TEST(SideChannel, MessagesArriveAndAreAnswered) {
  SideChannel asker;
  SideChannel other;
  const std::vector<SideChannel::Address> all = {asker.address(), other.address()};
  asker.connect(all, 42);
  other.connect(all, 42);
  Message question = rank_at(0, "MPI_Bcast", "", 7);
  question.kind = SideChannel::Kind::ask;
  asker.send(1, question);
  const auto asked = heard(other);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->kind, SideChannel::Kind::ask);
  EXPECT_EQ(asked->rank, 0);
  Message answer = rank_at(1, "", "update", 3);
  answer.kind = SideChannel::Kind::answer;
  other.reply(answer);
  const auto answered = heard(asker);
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->rank, 1);
  EXPECT_STREQ(answered->place.phase.data(), "update");
}

TEST(SideChannel, StrangersAreNotHeard) {
  SideChannel stranger;
  SideChannel other;
  const std::vector<SideChannel::Address> all = {stranger.address(), other.address()};
  stranger.connect(all, 41);
  other.connect(all, 42);
  stranger.send(1, rank_at(0, "", "", 0));
  EXPECT_FALSE(other.receive(std::chrono::milliseconds(200)));
}

}  // namespace
}  // namespace gemel::mpi
