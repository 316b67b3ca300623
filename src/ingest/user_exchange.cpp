#include "ingest/user_exchange.hpp"

#include <numeric>

#include "ingest/row_numbers.hpp"

namespace gemel::ingest {

UserExchange::UserExchange(const UserNumbers& users, mpi::Communicator& communicator)
    : communicator_(communicator),
      blocks_(users.users, communicator.size()),
      sent_counts_(static_cast<std::size_t>(communicator.size()), 0) {
  require_numbers(users.numbers.size(), "interactions", communicator);
  const auto owner = [&](std::int32_t user) { return static_cast<std::size_t>(blocks_.owner(user)); };
  for (const std::int32_t user : users.numbers) ++sent_counts_[owner(user)];
  std::vector<std::size_t> next(sent_counts_.size());
  std::exclusive_scan(sent_counts_.begin(), sent_counts_.end(), next.begin(), std::size_t{0});
  order_.resize(users.numbers.size());
  for (std::size_t own = 0; own < users.numbers.size(); ++own)
    order_[next[owner(users.numbers[own])]++] = static_cast<std::uint32_t>(own);
}

}  // namespace gemel::ingest
