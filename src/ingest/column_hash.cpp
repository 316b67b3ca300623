#include "ingest/column_hash.hpp"

#include <xxhash.h>

namespace gemel::ingest {

void add_column_hash(const std::string& name, std::uint64_t mine, Dataset& dataset,
                     mpi::Communicator& communicator) {
  // The sum is meant modulo 2^64; only its bits travel as a signed number.
  const auto sum = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(mine)));
  const std::uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), sum);
  dataset.column_hashes[name] = hash;
  dataset.content_hash += hash;
}

}  // namespace gemel::ingest
