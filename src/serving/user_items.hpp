#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// What a user has done, as the data tells it.
struct UserItem {
  std::string id;
  std::string label;                   ///< the item's title, or its id
  std::optional<std::int64_t> rating;  ///< where the data has ratings
};

/// What a person wants to know of a user's interactions.
struct UserItems {
  std::int64_t interactions = 0;
  std::vector<UserItem> best;  ///< each item once; those of the highest rating first, and of these the latest
};

/// The interactions of a user, of which at most so many are told one by one. On every rank. Collective.
UserItems items_of_user(const ingest::Dataset& dataset, std::string_view user, std::size_t most,
                        mpi::Communicator& communicator);

}  // namespace gemel::serving
