#include "mpi/node_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "base/memory.hpp"
#include "mpi/agreement.hpp"

namespace gemel::mpi {

double memory_left(Communicator& communicator) {
  Communicator node = communicator.on_this_node();
  // Ranks may have limits of their own, and look at different moments.
  return static_cast<double>(node.min(base::available_memory())) / node.size();
}

void require_memory(double bytes, std::string_view purpose, std::string_view remedy,
                    Communicator& communicator) {
  Communicator node = communicator.on_this_node();
  const double most = 4e18 / node.size();  // so that the sum is one of 64 bits
  const auto needed = static_cast<double>(node.sum(static_cast<std::int64_t>(std::min(bytes, most))));
  const auto left = static_cast<double>(node.min(base::available_memory()));
  agree(communicator, [&] {
    if (needed <= left) return;
    throw base::UsageError(
        fmt::format("not enough memory for {}: {} would take {}, and there are {} left. Start ranks on more "
                    "nodes, give them more memory, or {}",
                    purpose, node.size() == 1 ? "a rank" : fmt::format("{} ranks on one node", node.size()),
                    base::bytes_text(needed), base::bytes_text(left), remedy));
  });
}

}  // namespace gemel::mpi
