#pragma once

#include <cstdint>
#include <string>

namespace gemel::ingest {

/// Distinct things of a part, and how many of them the training examples have too.
struct Overlap {
  std::int64_t distinct = 0;
  std::int64_t in_training = 0;

  double shared() const {
    return distinct > 0 ? static_cast<double>(in_training) / static_cast<double>(distinct) : 0;
  }
  bool operator==(const Overlap&) const = default;
};

/// What the examples of a part have in common with the training examples. The same on every rank.
struct PartOverlap {
  Overlap users;
  Overlap items;
  Overlap pairs;              ///< of a user and an item
  std::string unknown_user;   ///< one that training does not know; empty when it knows all
  std::string training_user;  ///< one that it knows
  bool operator==(const PartOverlap&) const = default;
};

}  // namespace gemel::ingest
