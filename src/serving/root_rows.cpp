#include "serving/root_rows.hpp"

#include <cstring>
#include <vector>

#include "ingest/string_exchange.hpp"
#include "mpi/pending.hpp"

namespace gemel::serving {

void values_to_root(std::span<const float> mine, int owner, std::span<float> values,
                    mpi::Communicator& communicator) {
  std::vector<std::size_t> sent(static_cast<std::size_t>(communicator.size()), 0);
  std::vector<std::size_t> received = sent;
  sent.front() = mine.size();
  received[static_cast<std::size_t>(owner)] = values.size();
  mpi::Pending pending;
  communicator.start_all_to_all(mine, std::span<const std::size_t>(sent), values,
                                std::span<const std::size_t>(received), pending);
  pending.wait();
}

std::string table_bytes_on_root(const model::EmbeddingTable& table, mpi::Communicator& communicator) {
  std::string bytes;
  const auto row_bytes = table.dim() * sizeof(float);
  if (communicator.is_root()) bytes.resize(static_cast<std::size_t>(table.rows()) * row_bytes);
  const auto held = table.weights().view().flat();
  if (!table.is_sharded()) {
    if (communicator.is_root()) std::memcpy(bytes.data(), held.data(), held.size_bytes());
    return bytes;
  }
  for (int owner = 0; owner < communicator.size(); ++owner) {
    const exchange::RowRange block = table.blocks().block(owner);
    const auto count = static_cast<std::size_t>(block.size()) * table.dim();
    tensor::Matrix rows(communicator.is_root() ? 1 : 0, count);
    const bool is_mine = owner == communicator.rank();
    values_to_root(is_mine ? held : std::span<const float>(), owner, rows.view().flat(), communicator);
    if (communicator.is_root()) {
      std::memcpy(bytes.data() + static_cast<std::size_t>(block.first) * row_bytes, rows.data(),
                  rows.size() * sizeof(float));
    }
  }
  return bytes;
}

ingest::StringColumn vocabulary_on_root(const ingest::VocabularyBlock& mine,
                                        mpi::Communicator& communicator) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  std::vector<std::size_t> unused;
  counts.front() = mine.strings.size();
  return ingest::all_to_all_strings(mine.strings, counts, unused, communicator);
}

}  // namespace gemel::serving
