#include "mpi/communicator.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "support/sent_bytes.hpp"

namespace gemel::mpi {
namespace {

TEST(Communicator, GathersOneValueOfEveryRank) {
  auto world = Communicator::world();
  const std::vector<int> all = world.all_gather(10 * world.rank());
  ASSERT_EQ(all.size(), static_cast<std::size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) EXPECT_EQ(all[static_cast<std::size_t>(rank)], 10 * rank);
}

TEST(Communicator, GathersAsManyValuesAsEachRankHas) {
  auto world = Communicator::world();
  const std::vector<double> mine(static_cast<std::size_t>(world.rank()),
                                 world.rank() + 0.5);  // rank 0 has none
  const std::vector<double> all = world.all_gather_varying(std::span<const double>(mine));
  std::vector<double> expected;
  for (int rank = 0; rank < world.size(); ++rank) {
    expected.insert(expected.end(), static_cast<std::size_t>(rank), rank + 0.5);
  }
  EXPECT_EQ(all, expected);
}

TEST(Communicator, GathersStringsOfAnyLength) {
  auto world = Communicator::world();
  const std::vector<std::string> all =
      world.all_gather(std::string(static_cast<std::size_t>(world.rank()), 'x'));
  for (std::size_t rank = 0; rank < all.size(); ++rank) EXPECT_EQ(all[rank], std::string(rank, 'x'));
}

TEST(Communicator, SendsEachRankItsShare) {
  auto world = Communicator::world();
  const auto ranks = static_cast<std::size_t>(world.size());
  // Rank r sends r + t copies of 100 r + t to rank t.
  std::vector<int> send;
  std::vector<std::size_t> counts;
  for (int target = 0; target < world.size(); ++target) {
    counts.push_back(static_cast<std::size_t>(world.rank() + target));
    send.insert(send.end(), counts.back(), 100 * world.rank() + target);
  }
  std::vector<std::size_t> received_counts;
  const std::vector<int> received = world.all_to_all(std::span<const int>(send), counts, received_counts);
  std::vector<int> expected;
  ASSERT_EQ(received_counts.size(), ranks);
  for (int source = 0; source < world.size(); ++source) {
    const auto count = static_cast<std::size_t>(source + world.rank());
    EXPECT_EQ(received_counts[static_cast<std::size_t>(source)], count);
    expected.insert(expected.end(), count, 100 * source + world.rank());
  }
  EXPECT_EQ(received, expected);
}

TEST(Communicator, GathersInPlace) {
  auto world = Communicator::world();
  std::vector<int> all(static_cast<std::size_t>(2 * world.size()), -1);
  const std::vector<std::size_t> counts(static_cast<std::size_t>(world.size()), 2);
  const std::span<int> mine = std::span(all).subspan(static_cast<std::size_t>(2 * world.rank()), 2);
  mine[0] = mine[1] = world.rank();
  Pending pending;
  world.start_all_gather(std::span<const int>(mine), std::span(all), std::span<const std::size_t>(counts),
                         pending);
  pending.wait();
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<int>(i / 2));
}

TEST(Communicator, BroadcastsStringsFromAnyRank) {
  auto world = Communicator::world();
  std::string text = "rank " + std::to_string(world.rank());
  world.broadcast(text, world.size() - 1);
  EXPECT_EQ(text, "rank " + std::to_string(world.size() - 1));
}

TEST(Communicator, ReducesWholeNumbers) {
  auto world = Communicator::world();
  const std::int64_t n = world.size();
  const std::int64_t rank = world.rank();
  EXPECT_EQ(world.sum(rank), n * (n - 1) / 2);
  EXPECT_EQ(world.min(rank + 3), 3);
  EXPECT_EQ(world.max(static_cast<double>(rank)), static_cast<double>(n - 1));
  EXPECT_EQ(world.sum_before(rank), rank * (rank - 1) / 2);
  std::vector<std::int64_t> values = {1, rank};
  world.sum(std::span(values));
  EXPECT_EQ(values, (std::vector<std::int64_t>{n, n * (n - 1) / 2}));
}

TEST(Communicator, ExchangesWithAPartner) {
  auto world = Communicator::world();
  const int partner = world.rank() ^ 1;
  if (partner >= world.size()) return;
  const std::vector<float> mine(1000, static_cast<float>(world.rank()));
  std::vector<float> theirs(1000);
  Pending pending;
  world.start_exchange_with(partner, std::span<const float>(mine), std::span<float>(theirs), pending);
  pending.wait();
  EXPECT_EQ(theirs, std::vector<float>(1000, static_cast<float>(partner)));
}

TEST(Communicator, ReceivesMessagesOfALengthThatOnlyTheirSenderKnows) {
  auto world = Communicator::world();
  const int to = (world.rank() + 1) % world.size();
  const int from = (world.rank() + world.size() - 1) % world.size();
  // Two of one tag, the second empty on rank 0, and one of another, which overtakes them.
  const std::vector<std::int64_t> first(static_cast<std::size_t>(1000 * to), to);
  const std::vector<std::int64_t> second(static_cast<std::size_t>(world.rank()), -1);
  const std::vector<float> other(3, static_cast<float>(to));
  Pending pending(7);
  Pending overtaking(2);
  world.start_message(to, std::span<const std::int64_t>(first), pending);
  world.start_message(to, std::span<const std::int64_t>(second), pending);
  world.start_message(to, std::span<const float>(other), overtaking);

  std::vector<float> overtaken(3);
  world.start_receiving(from, std::span(overtaken), overtaking);
  overtaking.wait();
  std::vector<std::int64_t> received = {5};
  world.receive_message(from, 7, received);
  std::vector<std::int64_t> expected = {5};
  expected.insert(expected.end(), static_cast<std::size_t>(1000 * world.rank()), world.rank());
  EXPECT_EQ(received, expected);
  world.receive_message(from, 7, received);
  expected.insert(expected.end(), static_cast<std::size_t>(from), -1);
  EXPECT_EQ(received, expected);
  pending.wait();
  EXPECT_EQ(overtaken, std::vector<float>(3, static_cast<float>(world.rank())));
}

TEST(Communicator, SplitsIntoThoseOfTheSameNumber) {
  auto world = Communicator::world();
  Communicator part = world.split(world.rank() % 2);
  const std::vector<int> members = part.all_gather(world.rank());
  std::vector<int> expected;
  for (int rank = world.rank() % 2; rank < world.size(); rank += 2) expected.push_back(rank);
  EXPECT_EQ(members, expected);
  EXPECT_EQ(expected[static_cast<std::size_t>(part.rank())], world.rank());
}

TEST(Communicator, FindsTheRanksOnThisNode) {
  auto world = Communicator::world();
  Communicator node = world.on_this_node();
  EXPECT_EQ(node.rank(), world.rank()) << "the tests run on one machine";
  EXPECT_EQ(node.size(), world.size());
}

TEST(Communicator, ABarrierEndsOnceAllRanksHaveBegunIt) {
  auto world = Communicator::world();
  Pending barrier;
  if (!world.is_root()) {
    world.start_barrier(barrier);
    EXPECT_FALSE(barrier.progress()) << "root has not come yet";
    const int none = 0;
    Pending told;
    world.start_message(0, std::span(&none, 1), told);
    told.wait();
  } else {
    std::vector<int> received;
    for (int rank = 1; rank < world.size(); ++rank) world.receive_message(rank, 0, received);
    world.start_barrier(barrier);
  }
  barrier.wait();
}

/// The bytes that are moved by one call, as small as can be, so that small buffers are cut as those above 2^31 bytes are.
constexpr std::size_t small_piece = 64;

/// Communicators that cut what they move; a destructor checks that they did.
struct Pieces {
  Pieces() {
    world.set_largest_piece(small_piece);
    test::forget_largest_call();
  }
  ~Pieces() { EXPECT_LE(test::largest_call(), static_cast<std::int64_t>(small_piece)); }

  Communicator world = Communicator::world();
  int next = (world.rank() + 1) % world.size();
  int previous = (world.rank() + world.size() - 1) % world.size();

  /// `count` numbers of a rank, no two of which are alike.
  static std::vector<std::int64_t> numbers(int rank, std::size_t count) {
    std::vector<std::int64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1000000 * rank);
    return numbers;
  }
};

/// Elements of 8 bytes: none, less than a piece, a whole one, several, several and a part of one.
constexpr std::size_t counts_of_pieces[] = {0, 1, 7, 8, 9, 16, 24, 100, 128};

TEST(CommunicatorPieces, OfBroadcasts) {
  Pieces pieces;
  for (const std::size_t count : counts_of_pieces) {
    std::vector<std::int64_t> values = Pieces::numbers(pieces.world.rank(), count);
    pieces.world.broadcast(std::span(values), pieces.world.size() - 1);
    EXPECT_EQ(values, Pieces::numbers(pieces.world.size() - 1, count));
    std::string text = pieces.world.is_root() ? std::string(count, 'x') + "end" : "";
    pieces.world.broadcast(text);
    EXPECT_EQ(text, std::string(count, 'x') + "end");
  }
}

TEST(CommunicatorPieces, OfGathers) {
  Pieces pieces;
  Communicator& world = pieces.world;
  for (const std::size_t count : counts_of_pieces) {
    const auto mine = Pieces::numbers(world.rank(), count);
    std::vector<std::int64_t> all(count * static_cast<std::size_t>(world.size()));
    world.all_gather(std::span<const std::int64_t>(mine), std::span(all));
    std::vector<std::int64_t> expected;
    for (int rank = 0; rank < world.size(); ++rank) {
      const auto theirs = Pieces::numbers(rank, count);
      expected.insert(expected.end(), theirs.begin(), theirs.end());
    }
    EXPECT_EQ(all, expected);

    // One element more of each rank than of the one before it.
    const auto more = static_cast<std::size_t>(world.rank());
    const auto varying = Pieces::numbers(world.rank(), count + more);
    expected.clear();
    for (int rank = 0; rank < world.size(); ++rank) {
      const auto theirs = Pieces::numbers(rank, count + static_cast<std::size_t>(rank));
      expected.insert(expected.end(), theirs.begin(), theirs.end());
    }
    EXPECT_EQ(world.all_gather_varying(std::span<const std::int64_t>(varying)), expected);
  }
}

TEST(CommunicatorPieces, OfWhatEachRankSendsToEach) {
  Pieces pieces;
  Communicator& world = pieces.world;
  for (const std::size_t count : counts_of_pieces) {
    // Rank t gets t elements more than rank 0, of rank r from 1000 * t on.
    std::vector<std::int64_t> send;
    std::vector<std::size_t> send_counts;
    std::vector<std::int64_t> expected;
    for (int rank = 0; rank < world.size(); ++rank) {
      send_counts.push_back(count + static_cast<std::size_t>(rank));
      for (std::size_t i = 0; i < send_counts.back(); ++i)
        send.push_back(1000000 * world.rank() + 1000 * rank + static_cast<std::int64_t>(i));
      for (std::size_t i = 0; i < count + static_cast<std::size_t>(world.rank()); ++i)
        expected.push_back(1000000 * rank + 1000 * world.rank() + static_cast<std::int64_t>(i));
    }
    std::vector<std::size_t> received_counts;
    EXPECT_EQ(world.all_to_all(std::span<const std::int64_t>(send), send_counts, received_counts), expected);
  }
}

TEST(CommunicatorPieces, OfMessages) {
  Pieces pieces;
  Communicator& world = pieces.world;
  // Each is received first by somebody who does not know its length, then by somebody who does.
  for (const std::size_t count : counts_of_pieces) {
    const auto mine = Pieces::numbers(world.rank(), count);
    Pending pending;
    for (int repetition = 0; repetition < 2; ++repetition)
      world.start_message(pieces.next, std::span<const std::int64_t>(mine), pending);
    std::vector<std::int64_t> received;
    world.receive_message(pieces.previous, pending.tag(), received);
    EXPECT_EQ(received, Pieces::numbers(pieces.previous, count));
    std::vector<std::int64_t> known(count);
    world.start_receiving(pieces.previous, std::span(known), pending);
    pending.wait();
    EXPECT_EQ(known, received);
  }
}

TEST(CommunicatorPieces, OfExchangesWithAPartner) {
  Pieces pieces;
  const int partner = pieces.world.rank() ^ 1;
  if (partner >= pieces.world.size()) return;
  for (const std::size_t count : counts_of_pieces) {
    const auto mine = Pieces::numbers(pieces.world.rank(), count);
    std::vector<std::int64_t> theirs(count);
    Pending pending;
    pieces.world.start_exchange_with(partner, std::span<const std::int64_t>(mine), std::span(theirs),
                                     pending);
    pending.wait();
    EXPECT_EQ(theirs, Pieces::numbers(partner, count));
  }
}

TEST(CommunicatorPieces, OfSums) {
  Pieces pieces;
  const std::int64_t ranks = pieces.world.size();
  for (const std::size_t count : counts_of_pieces) {
    std::vector<std::int64_t> values = Pieces::numbers(pieces.world.rank(), count);
    pieces.world.sum(std::span(values));
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_EQ(values[i], 1000000 * ranks * (ranks - 1) / 2 + ranks * static_cast<std::int64_t>(i));
  }
}

TEST(Communicator, CountsTheBytesThatMpiIsGiven) {
  auto world = Communicator::world();
  const std::int64_t before = test::sent_bytes();
  const std::int64_t counted = world.bytes_sent();
  world.all_gather(std::int64_t{1});
  world.all_gather_varying(std::span<const char>(std::string(static_cast<std::size_t>(world.rank()), 'x')));
  std::string text = "from root";
  world.broadcast(text);
  EXPECT_EQ(world.bytes_sent() - counted, test::sent_bytes() - before);
}

/// Also of three threads at once, which MPI would not allow here.
TEST(Communicator, OfARankAloneIsACopy) {
  auto self = Communicator::self();
  std::vector<std::jthread> threads;
  std::vector<int> right(3, 0);
  for (std::size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const auto value = static_cast<std::int64_t>(i);
      std::vector<std::size_t> counts;
      const std::vector<std::size_t> sent = {2};
      std::vector<std::int64_t> sums = {value, 7};
      self.sum(std::span(sums));
      self.barrier();
      std::string text = "text";
      self.broadcast(text);
      right[i] = static_cast<int>(
          self.size() == 1 && self.is_root() && self.sum(value) == value && self.max(value) == value &&
          self.sum_before(value) == 0 && self.all_gather(value) == std::vector{value} && text == "text" &&
          self.all_gather_varying(std::span<const std::int64_t>(sums)) == sums &&
          self.all_to_all(std::span<const std::int64_t>(sums), sent, counts) == sums && counts == sent);
    });
  }
  threads.clear();
  EXPECT_EQ(right, std::vector<int>(3, 1));
  EXPECT_EQ(self.split(1).size(), 1);
  EXPECT_EQ(self.on_this_node().size(), 1);
  EXPECT_EQ(self.bytes_sent(), 0);
}

}  // namespace
}  // namespace gemel::mpi
