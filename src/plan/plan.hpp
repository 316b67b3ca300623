#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "exchange/placement.hpp"
#include "metering/traffic.hpp"
#include "model/embedding_table.hpp"

namespace gemel::plan {

/// What the user wants done with the tables: --placement.
enum class PlacementWish { automatic, replicated, sharded };

/// One embedding table, as the plan sees it.
struct TableShape : model::TableShape {
  /// Bytes that a row takes where it is held: weights, optimiser state, its part of the vocabulary.
  double row_bytes = 0;
  /// Distinct rows that a rank looks up in a step, counted once for each of its subtrees; the mean over ranks.
  double touched = 0;
};

/// What the plan is made for. Means are over ranks and steps.
struct JobShape {
  int ranks = 1;
  int lanes = 1;
  std::int64_t batch_size = 0;
  double program_bytes = 0;  ///< what a rank has before the data: program, libraries, MPI's buffers
  std::int64_t train_examples = 0;
  std::int64_t held_out_examples = 0;  ///< for validation and test
  std::int64_t candidates = 0;         ///< items of the catalogue
  double example_words = 0;            ///< of the features of an example, on average
  std::size_t weight_words = 0;        ///< 1 where training examples have weights
  std::size_t user_words = 0;          ///< 1 where training examples travel with the number of their user
  double candidate_bytes =
      0;  ///< of the features of one item, and what drawing or masking it as a negative takes
  double candidate_name_bytes = 0;  ///< of the id and the label of one item
  std::size_t dense_parameters = 0;
  double dense_bytes = 0;          ///< of a dense parameter with its optimiser state
  std::size_t vector_width = 0;    ///< d
  double query_row_bytes = 0;      ///< of what the query tower leaves of a row between forward and backward
  double candidate_row_bytes = 0;  ///< the same of the candidate tower
  double columns = 0;              ///< of the loss in a step: distinct candidates, with their padding
  bool whole_catalogue = false;    ///< the columns are all items, so that nobody has to be told them
  double subtrees = 1;             ///< of a rank; the mean
  std::int64_t most_top_k = 0;     ///< length of the lists that an evaluation makes; 0: none
  std::int64_t users = 0;          ///< whose numbers the examples have; 0: the examples have none
  bool keeps_seen = false;         ///< the training items of every user are kept
  bool keeps_seen_before_test = false;  ///< and once more, with the validation items
  bool copies_checkpoints = false;      ///< they are written while training goes on
  std::size_t factors = 0;              ///< width of what least squares solves for; 0: nothing does
  bool only_solves = false;             ///< steps are halves of its sweeps
  std::vector<TableShape> tables;
};

/// Bytes that a rank needs and sends. Means over ranks; the formulas are those of the exchanges.
struct Plan {
  struct Table {
    TableShape shape;
    exchange::Placement placement = exchange::Placement::replicated;
    bool was_chosen = false;  ///< by the planner, not by the user
    double memory = 0;        ///< bytes on a rank
    double sent = 0;          ///< bytes a rank sends in a step: row numbers, rows and gradients

    /// "user_id_lookup [944, 32] replicated (chosen): 241.7 kB a rank, 97.0 kB a step".
    std::string text() const;
  };

  int ranks = 1;
  std::vector<Table> tables;
  std::vector<std::pair<std::string, double>> memory;  ///< what else takes memory, in bytes
  std::array<double, metering::traffic_names.size()>
      step_bytes{};  ///< bytes that a rank sends in a step, by kind

  double total_memory() const;
  exchange::TablePlacements placements(int rank) const;
};

/// --placement, read: what is wished for all tables, and for some by name.
struct PlacementWishes {
  PlacementWish all = PlacementWish::automatic;
  std::map<std::string, PlacementWish> by_table;

  PlacementWish of(const std::string& table) const;
};

/// Reads "auto", "replicated", "sharded" and "FEATURE=..." of these; the later ones win. Throws UsageError for anything else, and for
/// a feature that is not the job's.
PlacementWishes read_placements(const std::vector<std::string>& texts, const JobShape& job);

/// Finds what --placement and --rows call FEATURE among the job's tables: a feature's name as in checkpoints ("user_id_lookup"; with
/// its tower "query/user_id_lookup") or, where that is enough, the name of its column ("user_id"). Returns the table's name. Throws UsageError that lists the features;
/// `option` is for the message.
std::string find_table(const JobShape& job, const std::string& feature, const std::string& option);

/// Places tables as the user wishes, and where he leaves it to us by the formulas: a table is sharded when a replica of it would take
/// more than `large_table` bytes, or when sharding saves more than `worthwhile_saving` bytes that a rank sends in a step. (A
/// sharded table costs each step three more rounds of messages; but its rows are updated by their owners alone, and not by every
/// rank. On shared memory, ML-100k's four tables save 0.2 MB a step on 4 ranks and with it a sixth of the step's time; on 2 ranks
/// they save nothing, and sharding costs a fifth.)
Plan make_plan(const JobShape& job, const PlacementWishes& wishes);
inline constexpr double large_table = 64e6;
inline constexpr double worthwhile_saving = 5e4;

/// The least number of ranks with which a rank needs at most `bytes`; 0 when `most_lanes` are too few. Rows that a rank touches are taken
/// to become fewer in proportion.
int least_ranks(const JobShape& job, const PlacementWishes& wishes, double bytes);

}  // namespace gemel::plan
