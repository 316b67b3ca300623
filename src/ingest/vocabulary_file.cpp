#include "ingest/vocabulary_file.hpp"

#include <span>
#include <vector>

#include "exchange/placement.hpp"

namespace gemel::ingest {

void write_vocabulary(checkpoint::CheckpointWriter& writer, const std::string& path,
                      const VocabularyBlock& block) {
  const std::vector<std::string> strings = block.strings.texts();
  writer.write_rows(path, static_cast<std::size_t>(block.rows), static_cast<std::size_t>(block.first),
                    std::span<const std::string>(strings));
}

VocabularyBlock read_vocabulary(checkpoint::CheckpointReader& reader, const std::string& path) {
  VocabularyBlock block;
  block.rows = static_cast<std::int64_t>(reader.shape(path).rows);
  const mpi::Communicator& communicator = reader.communicator();
  const exchange::RowRange own =
      exchange::RowBlocks(block.rows, communicator.size()).block(communicator.rank());
  block.first = own.first;
  const std::vector<std::string> strings =
      reader.read_strings(path, static_cast<std::size_t>(own.first), static_cast<std::size_t>(own.size()));
  for (const std::string& text : strings) block.strings.push_back(text);
  return block;
}

}  // namespace gemel::ingest
