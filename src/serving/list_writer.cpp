#include "serving/list_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/output_file.hpp"
#include "evaluation/gathered_queries.hpp"
#include "hdf5/layout.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"
#include "serving/hdf5_output.hpp"
#include "serving/root_rows.hpp"
#include "serving/vector_source.hpp"

namespace gemel::serving {
namespace {

/// Takes the bytes of lists, on root. Everything that fails throws OutputError.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual bool takes_more() const { return true; }
  virtual void finish() {}
};

class StreamSink : public Sink {
 public:
  explicit StreamSink(std::ostream& out) : out_(out) {}
  void write(std::string_view bytes) override {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  }
  bool takes_more() const override { return out_.good(); }

 private:
  std::ostream& out_;
};

class FileSink : public Sink {
 public:
  FileSink(const std::filesystem::path& path, bool replace) : file_(path, replace) {}
  void write(std::string_view bytes) override { file_.write(bytes); }
  void finish() override { file_.commit(); }

 private:
  base::OutputFile file_;
};

/// Takes the records of record_lists().
class Hdf5Sink : public Sink {
 public:
  Hdf5Sink(const ListDestination& destination, const ListShape& shape, const ingest::StringColumn& ids,
           const ingest::StringColumn& labels)
      : shape_(shape),
        named_(destination.path, destination.replace),
        output_(named_, [&](hdf5::Layout& layout) {
          const auto rows = static_cast<std::size_t>(shape.lists);
          query_ = layout.add_text("/query", rows, shape.longest_query);
          unknown_ = layout.add("/unknown", hdf5::Element::int64, {rows, {}});
          row_ = layout.add("/row", hdf5::Element::int64, {rows, shape.k});
          score_ = layout.add("/score", hdf5::Element::float32, {rows, shape.k});
          item_id_ = layout.add_text("/item_id", ids.size(), longest_of(ids));
          label_ = layout.add_text("/label", labels.size(), longest_of(labels));
        }) {
    write_texts(item_id_, ids);
    write_texts(label_, labels);
  }

  void write(std::string_view bytes) override {
    const std::size_t count = bytes.size() / record_bytes(shape_);
    std::string queries;
    std::vector<std::int64_t> unknown(count);
    std::vector<std::int64_t> rows(count * shape_.k);
    std::vector<float> scores(count * shape_.k);
    const char* at = bytes.data();
    const auto take = [&](void* to, std::size_t size) {
      std::memcpy(to, at, size);
      at += size;
    };
    for (std::size_t i = 0; i < count; ++i) {
      queries.append(at, shape_.longest_query);
      at += shape_.longest_query;
      take(&unknown[i], sizeof(std::int64_t));
      take(rows.data() + i * shape_.k, shape_.k * sizeof(std::int64_t));
      take(scores.data() + i * shape_.k, shape_.k * sizeof(float));
    }
    output_.write_bytes(query_, written_, std::as_bytes(std::span(queries)));
    output_.write(unknown_, written_, std::span<const std::int64_t>(unknown));
    output_.write(row_, written_, std::span<const std::int64_t>(rows));
    output_.write(score_, written_, std::span<const float>(scores));
    written_ += count;
  }

  void finish() override { named_.commit(); }

 private:
  static std::size_t longest_of(const ingest::StringColumn& texts) {
    auto alone = mpi::Communicator::self();
    return std::max<std::size_t>(longest(texts, alone), 1);
  }
  void write_texts(const hdf5::StoredDataset& dataset, const ingest::StringColumn& column) {
    const std::vector<std::string> texts = column.texts();
    output_.write(dataset, 0, std::span<const std::string>(texts));
  }

  ListShape shape_;
  base::OutputFile named_;
  hdf5::StoredDataset query_;
  hdf5::StoredDataset unknown_;
  hdf5::StoredDataset row_;
  hdf5::StoredDataset score_;
  hdf5::StoredDataset item_id_;
  hdf5::StoredDataset label_;
  Hdf5Output output_;
  std::size_t written_ = 0;  // lists
};

/// Collective.
ListShape shape_of(ListSource& source, const model::Catalogue& catalogue, mpi::Communicator& communicator) {
  return {source.size(), source.k(), std::max<std::size_t>(source.longest_query(), 1),
          std::max<std::size_t>(longest(catalogue.ids.strings, communicator), 1)};
}

std::unique_ptr<ListFormat> make_format(ListFileFormat format, const ListShape& shape) {
  switch (format) {
    case ListFileFormat::csv:
      return csv_lists();
    case ListFileFormat::jsonl:
      return jsonl_lists();
    case ListFileFormat::npy:
      return npy_lists(shape);
    case ListFileFormat::hdf5:
      return record_lists(shape);
  }
  throw base::InternalError("serving: no such format of lists");
}

/// On root; null elsewhere. Collective.
std::unique_ptr<Sink> make_sink(const ListDestination& destination, const ListShape& shape,
                                const model::Catalogue& catalogue, mpi::Communicator& communicator) {
  ingest::StringColumn ids;
  ingest::StringColumn labels;
  if (destination.format == ListFileFormat::hdf5) {
    ids = vocabulary_on_root(catalogue.ids, communicator);
    labels = vocabulary_on_root(catalogue.labels, communicator);
  }
  std::unique_ptr<Sink> sink;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    if (destination.path.empty()) {
      sink = std::make_unique<StreamSink>(*destination.stream);
    } else if (destination.format == ListFileFormat::hdf5) {
      sink = std::make_unique<Hdf5Sink>(destination, shape, ids, labels);
    } else {
      sink = std::make_unique<FileSink>(destination.path, destination.replace);
    }
  });
  return sink;
}

std::int64_t with_unknown(const ItemLists& lists) {
  return std::ranges::count_if(lists.unknown, [](const auto& columns) { return !columns.empty(); });
}

}  // namespace

WrittenLists write_lists(ListSource& source, const model::Catalogue& catalogue,
                         const ListDestination& destination, mpi::Communicator& communicator,
                         const ListProgress& progress) {
  const ListShape shape = shape_of(source, catalogue, communicator);
  const std::unique_ptr<ListFormat> format = make_format(destination.format, shape);
  const std::unique_ptr<Sink> sink = make_sink(destination, shape, catalogue, communicator);
  WrittenLists written;
  constexpr std::int64_t lists_at_a_time = evaluation::most_queries;
  bool goes_on = true;
  for (std::int64_t first = 0; first < shape.lists && goes_on; first += lists_at_a_time) {
    const std::int64_t last = std::min(first + lists_at_a_time, shape.lists);
    const ItemLists lists = source.make(first, last);
    std::string bytes = communicator.is_root() && first == 0 ? format->head() : "";
    format->append(lists, bytes);
    bytes = ingest::bytes_on_root(bytes, communicator);
    mpi::agree(communicator, [&] {
      if (sink) sink->write(bytes);
    });
    written.with_unknown += with_unknown(lists);
    written.lists = last;
    goes_on = communicator.min(std::int64_t{!sink || sink->takes_more() ? 1 : 0}) == 1;
    if (communicator.is_root()) progress(last, shape.lists);
  }
  written.with_unknown = communicator.sum(written.with_unknown);
  mpi::agree(communicator, [&] {
    if (sink) sink->finish();
  });
  return written;
}

}  // namespace gemel::serving
