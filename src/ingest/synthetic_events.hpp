#pragma once

#include <cstdint>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/synthetic_draws.hpp"
#include "ingest/synthetic_items.hpp"

namespace gemel::ingest {

/// One made-up interaction, laid out without gaps so that its bytes can be hashed.
struct SyntheticEvent {
  std::int64_t user = 0;
  std::int64_t item_row = 0;
  std::int64_t rating = 0;
  std::int64_t timestamp = 0;
};

/// The made-up interactions. A user likes four niches, two of them of one genre, and has sixteen favourite items: half of them from
/// these niches, the others from anywhere. Of the user's interactions 90 % are with a favourite, again and again, 5 % with any item of
/// the liked niches, and 5 % with any item. They are made in eight visits of an hour, within one week of seven months. Who is
/// active and what is liked is unevenly distributed.
class SyntheticEvents {
 public:
  /// `items` must outlive it.
  SyntheticEvents(const SyntheticOptions& options, const SyntheticItems& items);

  /// Interaction `index`, in constant time.
  SyntheticEvent event(std::int64_t index) const;

  /// The probability of each row of the catalogue in an interaction of `user`: all that there is to learn. [items]
  std::vector<double> preferences(std::int64_t user) const;

 private:
  std::int64_t liked_niche(std::int64_t user, std::int64_t liking) const;
  /// The row of an item that the user comes back to.
  std::int64_t favourite(std::int64_t user, std::int64_t index) const;
  std::int64_t timestamp(std::int64_t user, std::int64_t index) const;

  SyntheticOptions options_;
  const SyntheticItems& items_;
  SyntheticDraws who_;
  SyntheticDraws liked_genre_;
  SyntheticDraws liked_niche_;
  SyntheticDraws favourite_niche_;
  SyntheticDraws favourite_item_;
  SyntheticDraws first_day_;
  SyntheticDraws visit_;
  SyntheticDraws visit_begin_;
  SyntheticDraws time_;
  SyntheticDraws reason_;
  SyntheticDraws niche_;
  SyntheticDraws item_;
  SyntheticDraws rating_;
};

}  // namespace gemel::ingest
