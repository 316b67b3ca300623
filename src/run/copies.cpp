#include "run/copies.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "learning/optimizer_file.hpp"
#include "model/parameter_file.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"

namespace gemel::run {
namespace {

constexpr std::size_t most_named = 8;  // ranks, in a message

std::string names_of(std::span<const int> ranks, std::span<const std::string> hosts) {
  std::string names;
  for (std::size_t i = 0; i < std::min(ranks.size(), most_named); ++i) {
    fmt::format_to(std::back_inserter(names), "{}rank {} on {}", i > 0 ? ", " : "", ranks[i],
                   hosts[static_cast<std::size_t>(ranks[i])]);
  }
  if (ranks.size() > most_named) names += fmt::format(" and {} more", ranks.size() - most_named);
  return names;
}

}  // namespace

std::vector<int> ranks_apart(std::span<const std::uint64_t> hashes) {
  std::map<std::uint64_t, std::size_t> counts;
  for (const std::uint64_t hash : hashes) ++counts[hash];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  const bool is_majority = 2 * most->second > hashes.size();
  std::vector<int> apart;
  for (std::size_t rank = 0; rank < hashes.size(); ++rank)
    if (!is_majority || hashes[rank] != most->first) apart.push_back(static_cast<int>(rank));
  return apart;
}

void require_equal_copies(const model::TwoTower& model, const learning::Optimizer& optimizer,
                          std::int64_t step, const std::filesystem::path& last,
                          mpi::Communicator& communicator) {
  if (communicator.size() == 1) return;
  std::vector<model::ConstParameterValues> all = learning::slot_values(optimizer);
  all.insert(all.begin(), model::weights_of(model));
  std::vector<std::string> paths;
  std::vector<std::uint64_t> own;
  model::for_each_parameter(model, all, true, [&](const std::string& path, tensor::ConstMatrixView values) {
    paths.push_back(path);
    const std::span<const float> flat = values.flat();
    own.push_back(XXH3_64bits(flat.data(), flat.size_bytes()));
  });
  const std::vector<std::uint64_t> hashes =
      communicator.all_gather_varying(std::span<const std::uint64_t>(own));
  const auto ranks = static_cast<std::size_t>(communicator.size());
  std::vector<std::uint64_t> of_one(ranks);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t rank = 0; rank < ranks; ++rank) of_one[rank] = hashes[rank * paths.size() + i];
    if (std::ranges::all_of(of_one, [&](std::uint64_t hash) { return hash == of_one[0]; })) continue;
    const std::vector<std::string> hosts = communicator.all_gather(mpi::Environment::host_name());
    const std::vector<int> apart = ranks_apart(of_one);
    const std::string which = apart.size() == ranks
                                  ? fmt::format("of {} differ", names_of(apart, hosts))
                                  : fmt::format("differ: {} {} not what the other ranks have",
                                                names_of(apart, hosts), apart.size() == 1 ? "has" : "have");
    throw mpi::AgreedError(
        base::ExitCode::internal,
        fmt::format(
            "the copies of {} {}, at step {}. Memory or a network has changed bits: test the machines. {}",
            paths[i], which, step,
            last.empty() ? "There is no checkpoint of before"
                         : fmt::format("The last checkpoint is {}", last.string())));
  }
}

}  // namespace gemel::run
