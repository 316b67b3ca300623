#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/metric.hpp"
#include "evaluation/top_k.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::evaluation {

/// One query for each user who has test examples: his first one, in the order of the data. It is with the rank that has that example.
class UserQueries {
 public:
  /// `own` are this rank's test examples, with their users, in the order of the data: of their places, where they have any. Collective.
  UserQueries(const features::Examples& own, mpi::Communicator& communicator);

  /// This rank's queries: their features and users.
  const features::Examples& own() const { return own_; }
  /// Distinct test items of every user.
  const ingest::UserHistory& relevant() const { return relevant_; }

 private:
  ingest::UserHistory relevant_;
  features::Examples own_;
};

/// Sums up the lists of all users. Add each user's on the rank that has it, then ask for the values.
class UserMetrics {
 public:
  /// The references must outlive the object.
  UserMetrics(const std::vector<Metric>& metrics, const ingest::UserHistory& relevant,
              std::size_t catalogue_size);

  /// A user's list, of the longest k.
  void add(std::int32_t user, TopK::List list);

  /// The values of those metrics that are of users, in their order; not numbers when no rank has added a user. Collective.
  MetricValues values(mpi::Communicator& communicator) const;

 private:
  double coverage(std::int64_t k, mpi::Communicator& communicator) const;

  std::vector<Metric> metrics_;
  const ingest::UserHistory& relevant_;
  std::vector<std::vector<double>> of_users_;  // by metric, but for coverage
  std::vector<std::int32_t> best_places_;      // of every item, 1 the first, in any list so far
  std::int64_t users_ = 0;                     // that were added here
};

}  // namespace gemel::evaluation
