#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Every rank's strings, in rank order: memory for all of them on every rank. Collective.
StringColumn all_gather_strings(const StringColumn& mine, mpi::Communicator& communicator);

/// Sends counts[r] consecutive strings of `mine` to rank r. Returns what the ranks sent to this one, in rank order,
/// and leaves how many came from each in `received_counts`. Collective.
StringColumn all_to_all_strings(const StringColumn& mine, std::span<const std::size_t> counts,
                                std::vector<std::size_t>& received_counts, mpi::Communicator& communicator);

/// A text that some rank has, on all of them: that of the lowest such rank; empty where none has one. Collective.
std::string first_text(const std::string& mine, mpi::Communicator& communicator);

/// The bytes of all ranks, in rank order, on root; elsewhere none. Collective.
std::string bytes_on_root(const std::string& mine, mpi::Communicator& communicator);

}  // namespace gemel::ingest
