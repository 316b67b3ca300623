#include "serving/list_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/output_file.hpp"
#include "evaluation/gathered_queries.hpp"
#include "hdf5/dataset.hpp"
#include "hdf5/error.hpp"
#include "hdf5/file.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"

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
      : shape_(shape), output_(destination.path, destination.replace) {
    as_output([&] {
      file_.emplace(hdf5::File::create(output_.unfinished(), alone_));
      const auto rows = static_cast<std::size_t>(shape.lists);
      query_.emplace(hdf5::Dataset::create_text(*file_, "/query", rows, shape.longest_query));
      row_.emplace(hdf5::Dataset::create(*file_, "/row", hdf5::Element::int64, {rows, shape.k}));
      score_.emplace(hdf5::Dataset::create(*file_, "/score", hdf5::Element::float32, {rows, shape.k}));
      write_texts("/item_id", ids);
      write_texts("/label", labels);
    });
  }

  void write(std::string_view bytes) override {
    const std::size_t record = shape_.longest_query + shape_.k * (sizeof(std::int64_t) + sizeof(float));
    const std::size_t count = bytes.size() / record;
    std::string queries;
    std::vector<std::int64_t> rows(count * shape_.k);
    std::vector<float> scores(count * shape_.k);
    for (std::size_t i = 0; i < count; ++i) {
      const char* at = bytes.data() + i * record;
      queries.append(at, shape_.longest_query);
      at += shape_.longest_query;
      std::memcpy(rows.data() + i * shape_.k, at, shape_.k * sizeof(std::int64_t));
      at += shape_.k * sizeof(std::int64_t);
      std::memcpy(scores.data() + i * shape_.k, at, shape_.k * sizeof(float));
    }
    as_output([&] {
      query_->write_bytes(hdf5::Element::text, written_, std::as_bytes(std::span(queries)));
      row_->write_rows(written_, std::span<const std::int64_t>(rows));
      score_->write_rows(written_, std::span<const float>(scores));
    });
    written_ += count;
  }

  void finish() override {
    as_output([&] {
      query_.reset();
      row_.reset();
      score_.reset();
      file_->close();
    });
    output_.commit();
  }

 private:
  void write_texts(const std::string& path, const ingest::StringColumn& texts) {
    std::size_t longest = 1;
    for (std::size_t i = 0; i < texts.size(); ++i) longest = std::max(longest, texts[i].size());
    auto dataset = hdf5::Dataset::create_text(*file_, path, texts.size(), longest);
    dataset.write_rows(0, std::span<const std::string>(texts.texts()));
  }

  /// What goes wrong with this file is no checkpoint's fault.
  template <class Action>
  void as_output(const Action& action) {
    try {
      action();
    } catch (const hdf5::Hdf5Error& error) {
      throw base::OutputError(
          fmt::format("{}: cannot write this file: {}", output_.path().string(), error.what()));
    }
  }

  ListShape shape_;
  base::OutputFile output_;
  mpi::Communicator alone_ = mpi::Communicator::self();
  std::optional<hdf5::File> file_;
  std::optional<hdf5::Dataset> query_;
  std::optional<hdf5::Dataset> row_;
  std::optional<hdf5::Dataset> score_;
  std::size_t written_ = 0;  // lists
};

/// All rows on root, nothing elsewhere. Collective.
ingest::StringColumn on_root(const ingest::VocabularyBlock& block, mpi::Communicator& communicator) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  counts.front() = block.strings.size();
  std::vector<std::size_t> received;
  return ingest::all_to_all_strings(block.strings, counts, received, communicator);
}

/// The same of bytes.
std::string on_root(const std::string& bytes, mpi::Communicator& communicator) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  counts.front() = bytes.size();
  std::vector<std::size_t> received;
  const auto all = communicator.all_to_all(std::span<const char>(bytes), counts, received);
  return {all.begin(), all.end()};
}

/// Collective.
ListShape shape_of(ListSource& source, const model::Catalogue& catalogue, mpi::Communicator& communicator) {
  std::size_t longest = 1;
  for (std::size_t i = 0; i < catalogue.ids.strings.size(); ++i)
    longest = std::max(longest, catalogue.ids.strings[i].size());
  return {source.size(), source.k(), std::max<std::size_t>(source.longest_query(), 1),
          static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(longest)))};
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
    ids = on_root(catalogue.ids, communicator);
    labels = on_root(catalogue.labels, communicator);
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
    bytes = on_root(bytes, communicator);
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
