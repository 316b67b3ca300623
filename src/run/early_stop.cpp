#include "run/early_stop.hpp"

#include <cstdint>

#include "base/error.hpp"
#include "base/stop_signals.hpp"
#include "mpi/agreement.hpp"

namespace gemel::run {

void end_if_asked_to_stop(mpi::Communicator& communicator, std::string_view doing) {
  mpi::agree(communicator, [&] { base::throw_if_asked_to_stop(doing); });
}

std::string name_of_stop(mpi::Communicator& communicator) {
  const bool asks = base::StopSignals::asks_to_stop();
  const auto first = communicator.min(std::int64_t{asks ? communicator.rank() : communicator.size() - 1});
  std::string name = base::StopSignals::name();
  communicator.broadcast(name, static_cast<int>(first));
  return name;
}

}  // namespace gemel::run
