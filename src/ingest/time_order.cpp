#include "ingest/time_order.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/order_statistic.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::ingest {
namespace {

using Limits = std::numeric_limits<std::int64_t>;

/// (timestamp, place) of an interaction.
struct Moment {
  std::int64_t time = Limits::min();
  std::int64_t place = -1;

  bool is_before(const Moment& other) const {
    return std::pair(time, place) < std::pair(other.time, other.place);
  }
};

/// What is known of a user's interactions: how many there are, and the last two.
struct UserRecord {
  std::int64_t count = 0;
  Moment last;
  Moment before_last;

  void add(const Moment& moment) {
    if (last.is_before(moment)) {
      before_last = std::exchange(last, moment);
    } else if (before_last.is_before(moment)) {
      before_last = moment;
    }
  }
  void add(const UserRecord& other) {
    count += other.count;
    if (other.last.place >= 0) add(other.last);
    if (other.before_last.place >= 0) add(other.before_last);
  }
};

/// What all ranks know of the users of this one, from what each knows of its own. Collective.
std::vector<UserRecord> merge_over_ranks(const DistinctStrings& users, std::vector<UserRecord> records,
                                         mpi::Communicator& communicator) {
  const std::vector<std::size_t> sent = users.counts_by_owner(communicator.size());
  std::vector<std::size_t> received;
  const StringColumn names = all_to_all_strings(users.strings, sent, received, communicator);
  std::vector<UserRecord> owned =
      communicator.all_to_all(std::span<const UserRecord>(records), sent, received);
  const DistinctStrings distinct = distinct_strings(names);
  std::vector<UserRecord> merged(distinct.size());
  for (std::size_t i = 0; i < owned.size(); ++i) merged[distinct.places[i]].add(owned[i]);
  for (std::size_t i = 0; i < owned.size(); ++i) owned[i] = merged[distinct.places[i]];
  mpi::Pending pending;
  communicator.start_all_to_all(std::span<const UserRecord>(owned), std::span<const std::size_t>(received),
                                std::span(records), std::span<const std::size_t>(sent), pending);
  pending.wait();
  return records;
}

}  // namespace

std::vector<bool> earliest(std::span<const std::int64_t> timestamps, std::int64_t count,
                           mpi::Communicator& communicator) {
  const auto total = communicator.sum(static_cast<std::int64_t>(timestamps.size()));
  base::require(0 <= count && count <= total, "ingest: more earliest interactions than there are");
  std::vector<bool> is_early(timestamps.size(), false);
  if (count == 0) return is_early;
  const std::int64_t cut = select_kth(timestamps, count, communicator);
  const std::int64_t before =
      std::ranges::count_if(timestamps, [&](std::int64_t time) { return time < cut; });
  const std::int64_t at_cut = std::ranges::count(timestamps, cut);
  // Those at the cut itself are taken in the order of the data, until there are enough.
  std::int64_t left = count - communicator.sum(before) - communicator.sum_before(at_cut);
  for (std::size_t i = 0; i < timestamps.size(); ++i) {
    is_early[i] = timestamps[i] < cut || (timestamps[i] == cut && left-- > 0);
  }
  return is_early;
}

std::vector<LastInteractions> last_interactions(const TextColumn& users,
                                                std::span<const std::int64_t> timestamps, std::int64_t first,
                                                mpi::Communicator& communicator) {
  const DistinctStrings distinct = distinct_strings(users);
  std::vector<UserRecord> records(distinct.size());
  for (std::size_t i = 0; i < users.size(); ++i) {
    UserRecord& record = records[distinct.places[i]];
    ++record.count;
    record.add(Moment{timestamps.empty() ? 0 : timestamps[i], first + static_cast<std::int64_t>(i)});
  }
  records = merge_over_ranks(distinct, std::move(records), communicator);
  std::vector<LastInteractions> result;
  result.reserve(users.size());
  for (const std::uint32_t user : distinct.places) {
    const UserRecord& record = records[user];
    result.push_back({record.count, record.last.place, record.before_last.place});
  }
  return result;
}

}  // namespace gemel::ingest
