#include "ingest/time_warning.hpp"

#include <spdlog/spdlog.h>

#include "ingest/data_advice.hpp"
#include "ingest/time_summary.hpp"

namespace gemel::ingest {

void warn_of_times(const Dataset& dataset, mpi::Communicator& communicator) {
  const auto times = summarize_times(dataset.interactions, time_now(communicator), communicator);
  if (!times || !communicator.is_root()) return;
  for (const Mistake& mistake : find_mistakes_of_times(*times, dataset.total))
    spdlog::warn("{}. {}", mistake.what, mistake.remedy);
}

}  // namespace gemel::ingest
