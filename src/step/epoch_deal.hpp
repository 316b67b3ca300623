#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "features/examples.hpp"
#include "mpi/communicator.hpp"

namespace gemel::step {

/// Which ids of training examples are replaced by the unknown one, so that its row learns what can be said of anybody.
struct UnknownIds {
  float share = 0;                    ///< of the examples, drawn for each of `features` and each epoch anew
  std::vector<std::size_t> features;  ///< indices of lookup features
};

/// The numbers of a rank's examples among those of all ranks: these, or, where there are none, such as follow each other from the first on.
struct ExampleNumbers {
  std::int64_t first = 0;
  std::vector<std::int64_t> numbers = {};

  std::int64_t of(std::size_t example) const {
    return numbers.empty() ? first + static_cast<std::int64_t>(example) : numbers[example];
  }
};

/// The order of the training examples. A rank stores its block of them and nothing else; every epoch is a
/// global shuffle, a keyed permutation of all examples that is a function of (seed, epoch) alone, and the
/// ranks deal: each example travels to the rank whose lane trains it.
class EpochDeal {
 public:
  /// Own examples that a rank deals at a time.
  static constexpr std::size_t round_examples = std::size_t{1} << 19;

  /// `own` are this rank's examples, of the `total` examples of all ranks. Throws AgreedError (usage) when a rank's lanes have more than 2^31 - 1 examples. They have weights if those of any rank have; then so must those of every
  /// rank that has examples. The same holds for users. Collective.
  EpochDeal(const exchange::LaneLayout& layout, mpi::Communicator& communicator, features::Examples own,
            ExampleNumbers numbers, std::int64_t total, std::int64_t batch_size, std::uint64_t seed,
            UnknownIds unknown = {});

  std::int64_t batches() const { return (total_ + batch_size_ - 1) / batch_size_; }
  /// Examples of batch `batch` (from 0) over all ranks; only the last one may be short.
  std::int64_t batch_examples(std::int64_t batch) const;

  /// Deals epoch `epoch` (from 0). Throws AgreedError (data) where lists are too long for one rank. Collective.
  void deal(std::int64_t epoch);
  /// Whether examples have weights of their own; the same on every rank.
  bool has_weights() const { return has_weights_; }
  /// The epoch that was dealt last.
  std::int64_t epoch() const { return epoch_; }

  /// The examples that this rank stores.
  const features::Examples& own() const { return own_; }
  /// The examples dealt to this rank, by position in the epoch.
  const features::Examples& dealt() const { return dealt_; }
  /// Which of them, [first, last), lane `lane` of this rank trains in batch `batch`.
  struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t size() const { return last - first; }
  };
  Range lane(std::int64_t batch, int lane) const;
  /// The same for all lanes of this rank, which lie one after the other.
  Range own_lanes(std::int64_t batch) const;

  /// Bytes that the own examples of a rank need on their way, beside what is stored and what is dealt. `words`: of one, of its features, its
  /// weight and its user.
  static double bytes_on_the_way(double examples, double words) {
    constexpr double word_bytes = sizeof(std::uint32_t);
    const double at_a_time = std::min(examples, static_cast<double>(round_examples));
    return at_a_time * (sizeof(std::uint64_t) + sizeof(Place) + 2 * (header_words + words) * word_bytes);
  }

 private:
  /// An example travels as these 32-bit words, its slot at the receiver and its item; then one word for each feature, which is the
  /// length where it has lists; then its weight and its user, if it has them; then the words of its lists.
  static constexpr std::size_t header_words = 2;

  /// Where an example goes: to a rank, and there to a slot of `dealt`.
  struct Place {
    std::uint32_t rank = 0;
    std::uint32_t slot = 0;
  };

  std::vector<std::int64_t> rank_starts(std::int64_t examples) const;
  Place place(std::int64_t position) const;
  /// Words of an example but for those of its lists.
  std::size_t fixed_words() const;
  std::size_t message_words(std::size_t example) const;
  std::size_t dealt_before(std::int64_t batch, int lane) const;
  /// Fills in positions_, places_ and counts_ of the own examples of a round, [first, last).
  void find_places(Range round);
  void pack(Range round);
  /// Writes example first + index of the round to `message`; returns its end.
  std::uint32_t* pack_example(std::size_t first, std::size_t index, std::uint64_t unknown_key,
                              std::uint32_t* message) const;
  /// Replaces ids among the features of the example at `position`.
  void make_unknown(std::uint64_t key, std::uint64_t position, std::uint32_t* features) const;
  /// Throws AgreedError (data) when lists were dealt to a rank that its pool may not have room for. Collective where there are lists.
  void require_room();
  /// Makes room for all examples of an epoch.
  void make_room();
  /// Returns how many came.
  std::size_t unpack();
  /// Puts an example into its slot; returns the message's end.
  const std::uint32_t* unpack_example(const std::uint32_t* message);

  const exchange::LaneLayout& layout_;
  mpi::Communicator& communicator_;
  features::Examples own_;
  ExampleNumbers numbers_;
  std::int64_t total_;
  std::int64_t batch_size_;
  std::uint64_t seed_;
  UnknownIds unknown_;
  bool has_weights_;
  bool has_users_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t>
      starts_in_batch_;  // of each rank's examples in a batch of batch_size_; the last: its end
  std::vector<std::int64_t> starts_in_last_batch_;  // the same of the last batch, which may be short
  features::Examples dealt_;
  // Examples travel in rounds, so that they need little memory on their way; it is kept from epoch to epoch, since fresh memory costs more than
  // the deal itself.
  std::size_t rounds_ = 0;
  std::size_t words_received_ = 0;        // in this epoch
  std::vector<std::uint64_t> positions_;  // in the epoch, of the own examples of a round
  std::vector<Place> places_;             // of the same
  std::vector<std::size_t> counts_;       // of words, per rank
  std::vector<std::uint32_t> outgoing_;
  std::vector<std::uint32_t> incoming_;
  std::vector<std::size_t> received_counts_;
};

}  // namespace gemel::step
