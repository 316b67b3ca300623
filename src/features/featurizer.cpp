#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "features/feature.hpp"
#include "features/text.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/moments.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

std::string described(const FeatureSpec& spec) {
  return fmt::format("feature \"{}\"", spec.declaration());
}

/// For what every rank finds alike.
[[noreturn]] void refuse(const FeatureSpec& spec, std::string_view reason) {
  throw mpi::AgreedError(base::ExitCode::usage, fmt::format("{}: {}", described(spec), reason));
}

void check_column(const FeatureSpec& spec, const ingest::Columns& columns) {
  const bool is_text = columns.strings.contains(spec.column);
  const bool is_number = columns.numbers.contains(spec.column);
  const auto complain = [&](std::string_view reason) {
    refuse(spec, fmt::format("{}. The columns are: {}.", reason, columns.describe()));
  };
  if (columns.decimals.contains(spec.column)) complain("features are made of text and of whole numbers");
  if (!is_text && !is_number) complain(fmt::format("there is no column \"{}\"", spec.column));
  switch (spec.kind) {
    case FeatureKind::lookup:
    case FeatureKind::text:
    case FeatureKind::list:
    case FeatureKind::bias:
      if (!is_text) complain("this kind needs a column of text");
      break;
    case FeatureKind::bucketize:
    case FeatureKind::normalize:
      if (!is_number) complain("this kind needs a column of numbers");
      break;
    case FeatureKind::hash:
      break;
  }
}

/// The feature of `earlier` that is declared as `spec` is; null when this is the first run.
const FittedFeature* find_earlier(const FeatureSpec& spec, const EarlierFeatures& earlier) {
  if (earlier.features == nullptr) return nullptr;
  std::vector<std::string> declarations;
  for (const FittedFeature& feature : *earlier.features) {
    if (feature.spec.declaration() == spec.declaration()) return &feature;
    declarations.push_back(feature.spec.declaration());
  }
  refuse(spec, fmt::format("the model was trained without it. Its features are: {}.",
                           declarations.empty() ? "none" : fmt::format("{}", fmt::join(declarations, ", "))));
}

void check_specs(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                 const EarlierFeatures& earlier) {
  std::set<std::string> names;
  for (const FeatureSpec& spec : specs) {
    if (!names.insert(spec.name()).second) {
      refuse(spec,
             fmt::format("another feature of this side is called {} already. Declare a column once for each "
                         "kind.",
                         spec.name()));
    }
    check_column(spec, columns);
    find_earlier(spec, earlier);
  }
}

/// Turns the column of one feature into words, after it has learnt from it what it needs.
class Featurizer {
 public:
  Featurizer(FittedFeature& feature, const ingest::Columns& columns, mpi::Communicator& communicator,
             const FittedFeature* earlier, bool freeze, const std::vector<bool>* is_known)
      : feature_(feature),
        columns_(columns),
        communicator_(communicator),
        earlier_(earlier),
        freeze_(freeze),
        is_known_(is_known) {
    if (earlier_ == nullptr) return;
    feature_.minimum = earlier_->minimum;
    feature_.maximum = earlier_->maximum;
    feature_.mean = earlier_->mean;
    feature_.deviation = earlier_->deviation;
  }

  /// Calls put(row, word) for every row, after the lists are put into `rows` where the feature has them. Collective.
  template <class Put>
  void run(FeatureRows& rows, Put put) {
    switch (feature_.spec.kind) {
      case FeatureKind::lookup:
      case FeatureKind::bias: {
        const ingest::DistinctStrings distinct = ingest::distinct_strings(text_column());
        put_each(distinct.places,
                 is_known_ == nullptr ? rows_in_directory(distinct, distinct)
                                      : rows_in_directory(known_ones(distinct, *is_known_), distinct),
                 put);
        break;
      }
      case FeatureKind::hash:
        hash(put);
        break;
      case FeatureKind::bucketize:
        bucketize(put);
        break;
      case FeatureKind::normalize:
        normalize(put);
        break;
      case FeatureKind::text:
      case FeatureKind::list:
        look_up_lists(rows, put);
        break;
    }
  }

 private:
  const ingest::StringColumn& text_column() const { return columns_.strings.at(feature_.spec.column); }
  const std::vector<std::int64_t>& number_column() const { return columns_.numbers.at(feature_.spec.column); }

  template <class Put>
  static void put_each(const std::vector<std::uint32_t>& places, const std::vector<std::uint32_t>& rows,
                       Put put) {
    for (std::size_t row = 0; row < places.size(); ++row) put(row, rows[places[row]]);
  }

  /// Those of `distinct` that occur in a known row.
  static ingest::DistinctStrings known_ones(const ingest::DistinctStrings& distinct,
                                            const std::vector<bool>& is_known) {
    std::vector<std::int64_t> counts(distinct.size(), 0);
    for (std::size_t row = 0; row < distinct.places.size(); ++row)
      counts[distinct.places[row]] += is_known[row] ? 1 : 0;
    ingest::DistinctStrings known;
    for (std::size_t i = 0; i < distinct.size(); ++i) {
      if (counts[i] == 0) continue;
      known.strings.push_back(distinct.strings[i]);
      known.hashes.push_back(distinct.hashes[i]);
      known.counts.push_back(counts[i]);
    }
    return known;
  }

  /// The row of each of `distinct` in the vocabulary of all ranks' known strings, which becomes the feature's.
  std::vector<std::uint32_t> rows_in_directory(const ingest::DistinctStrings& known,
                                               const ingest::DistinctStrings& distinct) {
    const std::string what = described(feature_.spec);
    const ingest::VocabularyDirectory directory =
        earlier_ == nullptr
            ? ingest::VocabularyDirectory(known, communicator_, what)
            : ingest::VocabularyDirectory(known, earlier_->vocabulary, freeze_, communicator_, what);
    feature_.vocabulary = directory.block(communicator_);
    feature_.added = directory.added();
    return directory.rows_of(distinct, communicator_);
  }

  /// The same of tokens, in a vocabulary of text.
  std::vector<std::uint32_t> rows_of_tokens(const ingest::DistinctStrings& distinct) {
    ingest::StringColumn whole;
    if (earlier_ != nullptr) {
      whole = ingest::all_gather_strings(earlier_->vocabulary.strings, communicator_);
      if (whole.size() < special_token_rows ||
          static_cast<std::int64_t>(whole.size()) != earlier_->vocabulary.rows) {
        ingest::refuse_stored_vocabulary(described(feature_.spec));
      }
    }
    const std::size_t before = earlier_ == nullptr ? special_token_rows : whole.size();
    if (!freeze_ || earlier_ == nullptr)
      whole = build_text_vocabulary(distinct, feature_.spec.size, whole, communicator_);
    feature_.vocabulary = ingest::own_block(whole, communicator_);
    feature_.added = static_cast<std::int64_t>(whole.size() - before);
    const ingest::RowMap row_of = ingest::make_row_map(whole, special_token_rows);
    std::vector<std::uint32_t> rows(distinct.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = row_of.find(distinct.strings[i]);
      rows[i] = found == row_of.end() ? unknown_token_row : found->second;
    }
    return rows;
  }

  /// The tokens of all texts, or the parts of all lists, end to end, and where those of each row end.
  ingest::StringColumn cut_up(std::vector<std::size_t>& ends) {
    ingest::StringColumn pieces;
    Tokenizer tokenize;
    const ingest::StringColumn& column = text_column();
    for (std::size_t row = 0; row < column.size(); ++row) {
      const auto add = [&](const std::vector<std::string_view>& of_row) {
        for (const std::string_view piece : of_row) pieces.push_back(piece);
      };
      if (feature_.spec.kind == FeatureKind::text) {
        add(tokenize(column[row]));
      } else {
        add(split_list(column[row], feature_.spec.separator));
      }
      ends.push_back(pieces.size());
    }
    return pieces;
  }

  template <class Put>
  void look_up_lists(FeatureRows& rows, Put put) {
    std::vector<std::size_t> ends;
    const ingest::DistinctStrings distinct = ingest::distinct_strings(cut_up(ends));
    const auto row_of = feature_.spec.kind == FeatureKind::text ? rows_of_tokens(distinct)
                                                                : rows_in_directory(distinct, distinct);
    if (communicator_.max(static_cast<std::int64_t>(rows.pool.size() + ends.size() +
                                                    distinct.places.size())) > FeatureRows::most_pool_words) {
      throw mpi::AgreedError(
          base::ExitCode::data,
          fmt::format(
              "{}: one rank's share of the data has more than {} parts of texts and lists. Start more "
              "ranks.",
              described(feature_.spec), FeatureRows::most_pool_words));
    }
    std::vector<std::uint32_t> list;
    std::size_t next = 0;
    for (std::size_t row = 0; row < ends.size(); ++row) {
      list.clear();
      for (; next < ends[row]; ++next) list.push_back(row_of[distinct.places[next]]);
      put(row, rows.add_list(list));
    }
  }

  template <class Put>
  void hash(Put put) {
    const auto row_of = [&](std::string_view text) {
      return static_cast<std::uint32_t>(ingest::hash_of(text) %
                                        static_cast<std::uint64_t>(feature_.spec.size));
    };
    if (const auto texts = columns_.strings.find(feature_.spec.column); texts != columns_.strings.end()) {
      for (std::size_t row = 0; row < texts->second.size(); ++row) put(row, row_of(texts->second[row]));
      return;
    }
    const auto& values = number_column();
    for (std::size_t row = 0; row < values.size(); ++row) {
      const fmt::format_int digits(values[row]);
      put(row, row_of({digits.data(), digits.size()}));
    }
  }

  template <class Put>
  void bucketize(Put put) {
    const auto& values = number_column();
    if (earlier_ == nullptr) {
      std::int64_t minimum = std::numeric_limits<std::int64_t>::max();
      std::int64_t maximum = std::numeric_limits<std::int64_t>::min();
      for (const std::int64_t value : values) {
        minimum = std::min(minimum, value);
        maximum = std::max(maximum, value);
      }
      feature_.minimum = static_cast<double>(communicator_.min(minimum));
      feature_.maximum = static_cast<double>(communicator_.max(maximum));
    }
    const Linspace boundaries(feature_.minimum, feature_.maximum, feature_.spec.size);
    for (std::size_t row = 0; row < values.size(); ++row)
      put(row, static_cast<std::uint32_t>(boundaries.count_not_above(static_cast<double>(values[row]))));
  }

  template <class Put>
  void normalize(Put put) {
    const auto& values = number_column();
    if (earlier_ == nullptr) {
      const ingest::Moments of_column = ingest::moments(values, communicator_);
      feature_.mean = of_column.mean;
      if (of_column.deviation > 0) feature_.deviation = of_column.deviation;
    }
    for (std::size_t row = 0; row < values.size(); ++row) {
      const double score = (static_cast<double>(values[row]) - feature_.mean) / feature_.deviation;
      put(row, std::bit_cast<std::uint32_t>(static_cast<float>(score)));
    }
  }

  FittedFeature& feature_;
  const ingest::Columns& columns_;
  mpi::Communicator& communicator_;
  const FittedFeature* earlier_;
  bool freeze_;
  const std::vector<bool>* is_known_;
};

}  // namespace

FeaturisedColumns featurize_columns(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                                    mpi::Communicator& communicator, const EarlierFeatures& earlier,
                                    const std::vector<bool>* is_known) {
  base::require(communicator.sum(static_cast<std::int64_t>(columns.rows)) > 0, "featurize_columns: no rows");
  check_specs(specs, columns, earlier);
  FeaturisedColumns result;
  FeatureRows& rows = result.rows;
  rows.features = specs.size();
  rows.words.resize(columns.rows * specs.size());
  for (std::size_t index = 0; index < specs.size(); ++index) {
    FittedFeature& feature = result.features.emplace_back();
    feature.spec = specs[index];
    if (feature.spec.has_lists()) rows.lists.push_back(index);
    Featurizer(feature, columns, communicator, find_earlier(specs[index], earlier), earlier.freeze_vocabulary,
               is_known)
        .run(rows,
             [&](std::size_t row, std::uint32_t word) { rows.words[row * specs.size() + index] = word; });
  }
  return result;
}

}  // namespace gemel::features
