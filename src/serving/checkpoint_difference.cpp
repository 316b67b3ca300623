#include "serving/checkpoint_difference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>
#include <set>
#include <span>

#include "exchange/exact_sum.hpp"
#include "ingest/data_identity_file.hpp"
#include "options/settings.hpp"
#include "serving/dataset_scan.hpp"

namespace gemel::serving {
namespace {

using checkpoint::CheckpointReader;
using checkpoint::DatasetInfo;
using Texts = std::map<std::string, std::string>;

/// What one rank has seen of a dataset.
struct Seen {
  std::int64_t differing = 0;
  double largest = 0;
  std::vector<double> squares;             // of every chunk
  std::vector<double> difference_squares;  // of a - b
};

template <class T>
void compare_numbers(std::span<const std::byte> a, std::span<const std::byte> b, Seen& seen) {
  double squares = 0;
  double difference_squares = 0;
  for (std::size_t i = 0; i + sizeof(T) <= a.size(); i += sizeof(T)) {
    T left{};
    T right{};
    std::memcpy(&left, a.data() + i, sizeof(T));
    std::memcpy(&right, b.data() + i, sizeof(T));
    const auto x = static_cast<double>(left);
    const auto y = static_cast<double>(right);
    if (std::isfinite(x)) squares += x * x;
    if (left == right || (std::isnan(x) && std::isnan(y))) continue;
    ++seen.differing;
    const double difference = std::abs(x - y);
    if (!std::isfinite(difference)) continue;
    seen.largest = std::max(seen.largest, difference);
    difference_squares += difference * difference;
  }
  seen.squares.push_back(squares);
  seen.difference_squares.push_back(difference_squares);
}

void compare_chunk(hdf5::Element element, std::span<const std::byte> a, std::span<const std::byte> b,
                   std::size_t value_bytes, Seen& seen) {
  switch (element) {
    case hdf5::Element::float32:
      return compare_numbers<float>(a, b, seen);
    case hdf5::Element::float64:
      return compare_numbers<double>(a, b, seen);
    case hdf5::Element::uint8:
      return compare_numbers<std::uint8_t>(a, b, seen);
    case hdf5::Element::int32:
      return compare_numbers<std::int32_t>(a, b, seen);
    case hdf5::Element::int64:
      return compare_numbers<std::int64_t>(a, b, seen);
    case hdf5::Element::uint64:  // hashes: their distance says nothing
    case hdf5::Element::text:
      for (std::size_t i = 0; i < a.size(); i += value_bytes)
        seen.differing += std::memcmp(a.data() + i, b.data() + i, value_bytes) != 0 ? 1 : 0;
  }
}

std::string described(const DatasetInfo& dataset) {
  const hdf5::Shape& shape = dataset.shape;
  return shape.cols ? fmt::format("{} [{}, {}]", hdf5::name_of(dataset.element), shape.rows, *shape.cols)
                    : fmt::format("{} [{}]", hdf5::name_of(dataset.element), shape.rows);
}

/// Nothing where they are alike. Collective.
std::optional<DatasetDifference> compare_datasets(CheckpointReader& a, CheckpointReader& b,
                                                  const DatasetInfo& in_a, const DatasetInfo& in_b) {
  DatasetDifference difference{in_a.path, described(in_a), described(in_b), {}, 0, 0};
  const bool is_comparable =
      in_a.element == in_b.element && in_a.shape == in_b.shape && in_a.row_bytes == in_b.row_bytes;
  if (!is_comparable) return difference;
  Seen seen;
  const std::size_t value_bytes = in_a.row_bytes / in_a.shape.values_per_row();
  for_each_chunk(in_a, a.communicator(), [&](const RowChunk& chunk) {
    const std::vector<std::byte> bytes_a = a.read_bytes(in_a.path, chunk.first, chunk.count);
    const std::vector<std::byte> bytes_b = b.read_bytes(in_b.path, chunk.first, chunk.count);
    compare_chunk(in_a.element, bytes_a, bytes_b, value_bytes, seen);
  });
  mpi::Communicator& communicator = a.communicator();
  difference.differing = communicator.sum(seen.differing);
  difference.largest = communicator.max(seen.largest);
  const double norm = std::sqrt(exchange::exact_sum(seen.squares, communicator));
  const double change = std::sqrt(exchange::exact_sum(seen.difference_squares, communicator));
  difference.relative = change == 0 ? 0 : change / norm;
  if (*difference.differing == 0) return std::nullopt;
  return difference;
}

std::vector<TextDifference> compare_texts(const Texts& a, const Texts& b) {
  std::set<std::string> names;
  for (const Texts* texts : {&a, &b}) {
    for (const auto& [name, value] : *texts) names.insert(name);
  }
  std::vector<TextDifference> differences;
  for (const std::string& name : names) {
    const auto value_in = [&](const Texts& texts) {
      const auto found = texts.find(name);
      return found == texts.end() ? std::string() : found->second;
    };
    TextDifference difference{name, value_in(a), value_in(b)};
    if (difference.a != difference.b) differences.push_back(std::move(difference));
  }
  return differences;
}

Texts settings_of(CheckpointReader& reader) {
  Texts texts;
  const std::string path = reader.path().string();
  std::vector<options::SavedOption> saved =
      options::saved_options(path, reader.attribute<std::string>("/", "config"));
  if (reader.has_attribute("/run", "options")) {
    std::ranges::move(options::saved_options(path, reader.attribute<std::string>("/run", "options")),
                      std::back_inserter(saved));
  }
  for (const options::SavedOption& option : saved)
    texts[option.name] = fmt::format("{}", fmt::join(option.values, " "));
  return texts;
}

Texts progress_of(CheckpointReader& reader) {
  const ingest::DataIdentity data = ingest::read_data_identity(reader);
  Texts texts = {{"data", data.name},
                 {"data: interactions", fmt::format("{}", data.interactions)},
                 {"data: training examples", fmt::format("{}", data.train_examples)},
                 {"data: validation examples", fmt::format("{}", data.validation_examples)},
                 {"data: test examples", fmt::format("{}", data.test_examples)},
                 {"data: content hash", fmt::format("{:016x}", data.content_hash)}};
  for (const char* name : {"epoch", "step", "step_in_epoch"})
    texts[name] = fmt::format("{}", reader.attribute<std::int64_t>("/", name));
  return texts;
}

}  // namespace

CheckpointDifference compare(CheckpointReader& a, CheckpointReader& b) {
  CheckpointDifference result;
  result.settings = compare_texts(settings_of(a), settings_of(b));
  result.progress = compare_texts(progress_of(a), progress_of(b));
  const std::vector<DatasetInfo> in_a = a.datasets();
  const std::vector<DatasetInfo> in_b = b.datasets();
  for (const DatasetInfo& dataset : in_a) {
    const auto same = std::ranges::find(in_b, dataset.path, &DatasetInfo::path);
    if (same == in_b.end()) {
      result.datasets.push_back({dataset.path, described(dataset), "", {}, 0, 0});
      continue;
    }
    ++result.compared;
    if (auto difference = compare_datasets(a, b, dataset, *same))
      result.datasets.push_back(std::move(*difference));
  }
  for (const DatasetInfo& dataset : in_b) {
    if (std::ranges::find(in_a, dataset.path, &DatasetInfo::path) == in_a.end())
      result.datasets.push_back({dataset.path, "", described(dataset), {}, 0, 0});
  }
  std::ranges::stable_sort(result.datasets, [](const DatasetDifference& x, const DatasetDifference& y) {
    if (x.differing.has_value() != y.differing.has_value()) return !x.differing.has_value();
    return x.relative > y.relative;
  });
  return result;
}

}  // namespace gemel::serving
