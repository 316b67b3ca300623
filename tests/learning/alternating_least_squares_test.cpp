#include "learning/alternating_least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "mpi/communicator.hpp"
#include "support/lanes.hpp"

namespace gemel::learning {
namespace {

using Matrix = std::vector<std::vector<double>>;

constexpr std::int64_t users = 41;
constexpr std::int64_t items = 26;
constexpr std::int64_t special_rows = 1;
constexpr int lanes = 8;
constexpr std::size_t pairs = 420;

std::uint32_t draw(std::uint64_t stream, std::uint64_t index, std::uint32_t bound) {
  const float share = (test::number(stream, index) + 1.0F) / 2.0F;
  return static_cast<std::uint32_t>(share * share * static_cast<float>(bound));  // small ones more often
}

/// Pairs with repetitions, some of special rows; the last user and the last item have none.
Interactions all_pairs(bool has_weights) {
  Interactions all;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    all.rows.push_back(draw(1, i, users - 1));
    all.columns.push_back(draw(2, i, items - 1));
    if (has_weights) all.weights.push_back(static_cast<float>(draw(3, i, 5)) / 2.0F);
  }
  return all;
}

Interactions pairs_of_rank(bool has_weights, int ranks, int rank) {
  const Interactions all = all_pairs(has_weights);
  Interactions own;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (static_cast<int>(i * 7 % 11) % ranks != rank) continue;
    own.rows.push_back(all.rows[i]);
    own.columns.push_back(all.columns[i]);
    if (has_weights) own.weights.push_back(all.weights[i]);
  }
  return own;
}

model::TableShape shape(const std::string& name, std::int64_t rows, std::size_t dim) {
  return {name, name, name, rows, dim, 0.5F, special_rows};
}

/// A problem on the ranks of a communicator.
struct Setting {
  Setting(mpi::Communicator ranks, std::size_t dim, bool sharded, bool has_weights, int threads,
          LeastSquaresOptions options)
      : communicator(std::move(ranks)),
        layout(lanes, communicator.size(), communicator.rank()),
        team(threads),
        traffic(communicator),
        placements{communicator.size(), communicator.rank(), {}},
        user_table(shape("users", users, dim), place(sharded), 7),
        item_table(shape("items", items, dim), placements, 7),
        solver(options, {layout, communicator, team, timer, traffic}, {user_table, special_rows},
               {item_table, special_rows},
               pairs_of_rank(has_weights, communicator.size(), communicator.rank())) {}

  const exchange::TablePlacements& place(bool sharded) {
    if (sharded) placements.sharded = {"users", "items"};
    return placements;
  }

  std::vector<float> rows_of(const model::EmbeddingTable& table) {
    const auto held = table.weights().view().flat();
    if (!table.is_sharded()) return {held.begin(), held.end()};
    return communicator.all_gather_varying(std::span<const float>(held));
  }

  mpi::Communicator communicator;
  exchange::LaneLayout layout;
  base::ThreadTeam team;
  metering::PhaseTimer timer;
  metering::TrafficMeter traffic;
  exchange::TablePlacements placements;
  model::EmbeddingTable user_table;
  model::EmbeddingTable item_table;
  AlternatingLeastSquares solver;
};

/// The same by loops over all pairs of a user and an item, in double.
struct Reference {
  Reference(bool has_weights, const LeastSquaresOptions& of_run) : options(of_run) {
    const Interactions all = all_pairs(has_weights);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all.rows[i] < special_rows || all.columns[i] < special_rows) continue;
      weights[{all.rows[i], all.columns[i]}] += has_weights ? static_cast<double>(all.weights[i]) : 1.0;
    }
  }

  double weight(bool of_users, std::int64_t row, std::int64_t column) const {
    const auto found = weights.find(of_users ? std::pair(row, column) : std::pair(column, row));
    return found == weights.end() ? -1 : found->second;
  }

  std::vector<double> penalties(bool of_users, std::int64_t rows, std::int64_t columns) const {
    std::vector<double> activity(static_cast<std::size_t>(rows), 0);
    double sum = 0;
    double active = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      bool has_any = false;
      for (std::int64_t column = 0; column < columns; ++column) {
        if (weight(of_users, row, column) < 0) continue;
        has_any = true;
        activity[static_cast<std::size_t>(row)] += weight(of_users, row, column);
      }
      sum += activity[static_cast<std::size_t>(row)];
      active += has_any ? 1 : 0;
    }
    for (double& value : activity) {
      const double share = value > 0 ? value / (sum / active) : 1;
      value = static_cast<double>(options.regularization) *
              std::pow(share, static_cast<double>(options.activity_power));
    }
    return activity;
  }

  /// Solves A x = b by elimination, or takes `steps` of conjugate gradients.
  static std::vector<double> solve(Matrix a, std::vector<double> b) {
    const std::size_t d = b.size();
    for (std::size_t pivot = 0; pivot < d; ++pivot) {
      for (std::size_t row = pivot + 1; row < d; ++row) {  // positive definite: pivots need no exchange
        const double factor = a[row][pivot] / a[pivot][pivot];
        for (std::size_t col = pivot; col < d; ++col) a[row][col] -= factor * a[pivot][col];
        b[row] -= factor * b[pivot];
      }
    }
    for (std::size_t row = d; row-- > 0;) {
      for (std::size_t col = row + 1; col < d; ++col) b[row] -= a[row][col] * b[col];
      b[row] /= a[row][row];
    }
    return b;
  }

  static std::vector<double> improve(const Matrix& a, const std::vector<double>& b, std::vector<double> x,
                                     std::int64_t steps) {
    const std::size_t d = b.size();
    const auto times = [&](const std::vector<double>& v) {
      std::vector<double> product(d, 0);
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) product[i] += a[i][j] * v[j];
      }
      return product;
    };
    const auto dot = [&](const std::vector<double>& u, const std::vector<double>& v) {
      double sum = 0;
      for (std::size_t i = 0; i < d; ++i) sum += u[i] * v[i];
      return sum;
    };
    std::vector<double> residual = b;
    const std::vector<double> image = times(x);
    for (std::size_t i = 0; i < d; ++i) residual[i] -= image[i];
    std::vector<double> direction = residual;
    for (std::int64_t step = 0; step < steps && dot(residual, residual) > 0; ++step) {
      const std::vector<double> next = times(direction);
      const double before = dot(residual, residual);
      const double length = before / dot(direction, next);
      for (std::size_t i = 0; i < d; ++i) x[i] += length * direction[i];
      for (std::size_t i = 0; i < d; ++i) residual[i] -= length * next[i];
      const double share = dot(residual, residual) / before;
      for (std::size_t i = 0; i < d; ++i) direction[i] = residual[i] + share * direction[i];
    }
    return x;
  }

  /// Solves all rows of one side. `exact`: by elimination.
  void run(bool of_users, Matrix& solved, const Matrix& given, bool exact) const {
    const auto rows = static_cast<std::int64_t>(solved.size());
    const auto columns = static_cast<std::int64_t>(given.size());
    const std::vector<double> penalty = penalties(of_users, rows, columns);
    const std::size_t d = given.front().size();
    std::vector<double> mean(d, 0);
    double active = 0;
    for (std::int64_t row = special_rows; row < rows; ++row) {
      Matrix a(d, std::vector<double>(d, 0));
      std::vector<double> b(d, 0);
      bool has_any = false;
      for (std::int64_t column = special_rows; column < columns; ++column) {
        const double w = weight(of_users, row, column);
        const double c = w < 0 ? 1 : static_cast<double>(options.alpha) * w;
        has_any = has_any || w >= 0;
        const std::vector<double>& y = given[static_cast<std::size_t>(column)];
        for (std::size_t i = 0; i < d; ++i) {
          for (std::size_t j = 0; j < d; ++j) a[i][j] += c * y[i] * y[j];
          if (w >= 0) b[i] += c * y[i];
        }
      }
      for (std::size_t i = 0; i < d; ++i) a[i][i] += penalty[static_cast<std::size_t>(row)];
      std::vector<double>& x = solved[static_cast<std::size_t>(row)];
      if (has_any) {
        x = exact ? solve(a, b) : improve(a, b, x, options.solver_steps);
      } else {
        x.assign(d, 0);
      }
      active += has_any ? 1 : 0;
      for (std::size_t i = 0; i < d; ++i) mean[i] += x[i];
    }
    for (double& value : mean) value /= active;
    for (std::int64_t row = 0; row < special_rows; ++row) solved[static_cast<std::size_t>(row)] = mean;
  }

  double objective(const Matrix& x, const Matrix& y) const {
    const std::vector<double> of_users = penalties(true, users, items);
    const std::vector<double> of_items = penalties(false, items, users);
    double sum = 0;
    for (std::int64_t user = special_rows; user < users; ++user) {
      for (std::int64_t item = special_rows; item < items; ++item) {
        double score = 0;
        for (std::size_t i = 0; i < x.front().size(); ++i)
          score += x[static_cast<std::size_t>(user)][i] * y[static_cast<std::size_t>(item)][i];
        const double w = weight(true, user, item);
        sum += w < 0 ? score * score : static_cast<double>(options.alpha) * w * (1 - score) * (1 - score);
      }
    }
    for (std::int64_t user = special_rows; user < users; ++user) {
      for (const double value : x[static_cast<std::size_t>(user)])
        sum += of_users[static_cast<std::size_t>(user)] * value * value;
    }
    for (std::int64_t item = special_rows; item < items; ++item) {
      for (const double value : y[static_cast<std::size_t>(item)])
        sum += of_items[static_cast<std::size_t>(item)] * value * value;
    }
    return sum;
  }

  LeastSquaresOptions options;
  std::map<std::pair<std::int64_t, std::int64_t>, double> weights;
};

Matrix matrix_of(const std::vector<float>& values, std::size_t dim) {
  Matrix matrix;
  for (std::size_t start = 0; start < values.size(); start += dim) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(start);
    matrix.emplace_back(first, first + static_cast<std::ptrdiff_t>(dim));
  }
  return matrix;
}

void expect_near(const std::vector<float>& values, const Matrix& truth, double tolerance) {
  const std::size_t dim = truth.front().size();
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(static_cast<double>(values[i]), truth[i / dim][i % dim], tolerance) << "row " << i / dim;
}

struct Case {
  std::size_t dim;
  bool sharded;
  bool has_weights;
  int threads;
};

const std::vector<Case> cases = {{5, false, false, 1}, {5, true, false, 1},  {33, false, true, 2},
                                 {33, true, true, 1},  {64, false, true, 3}, {64, true, false, 2}};

LeastSquaresOptions few_steps() {
  return {4.0F, 0.5F, 0.5F, 3};
}

TEST(AlternatingLeastSquares, AgreesWithLoopsOverAllPairs) {
  for (const Case& c : cases) {
    Setting setting(mpi::Communicator::world(), c.dim, c.sharded, c.has_weights, c.threads, few_steps());
    const Reference reference(c.has_weights, few_steps());
    Matrix x = matrix_of(setting.rows_of(setting.user_table), c.dim);
    Matrix y = matrix_of(setting.rows_of(setting.item_table), c.dim);
    for (int sweep = 0; sweep < 2; ++sweep) {
      const double penalty = setting.solver.solve_users();
      const double rest = setting.solver.solve_items();
      reference.run(true, x, y, false);
      reference.run(false, y, x, false);
      const double truth = reference.objective(x, y);
      EXPECT_NEAR(penalty + rest, truth, 1e-4 * truth) << c.dim;
    }
    expect_near(setting.rows_of(setting.user_table), x, 2e-4);
    expect_near(setting.rows_of(setting.item_table), y, 2e-4);
  }
}

TEST(AlternatingLeastSquares, ComesToTheSolutionInManySteps) {
  LeastSquaresOptions options = few_steps();
  options.solver_steps = 30;
  options.activity_power = 0;
  Setting setting(mpi::Communicator::world(), 5, false, true, 1, options);
  const Reference reference(true, options);
  Matrix x = matrix_of(setting.rows_of(setting.user_table), 5);
  Matrix y = matrix_of(setting.rows_of(setting.item_table), 5);
  setting.solver.solve_users();
  setting.solver.solve_items();
  reference.run(true, x, y, true);
  reference.run(false, y, x, true);
  expect_near(setting.rows_of(setting.user_table), x, 1e-4);
  expect_near(setting.rows_of(setting.item_table), y, 1e-4);
}

TEST(AlternatingLeastSquares, HasTheSameBitsOnAnyNumberOfRanksAndThreads) {
  for (const Case& c : cases) {
    Setting together(mpi::Communicator::world(), c.dim, c.sharded, c.has_weights, c.threads, few_steps());
    Setting alone(mpi::Communicator::self(), c.dim, false, c.has_weights, 1, few_steps());
    for (int sweep = 0; sweep < 3; ++sweep) {
      EXPECT_EQ(together.solver.solve_users(), alone.solver.solve_users());
      EXPECT_EQ(together.solver.solve_items(), alone.solver.solve_items());
    }
    EXPECT_EQ(together.rows_of(together.user_table), alone.rows_of(alone.user_table));
    EXPECT_EQ(together.rows_of(together.item_table), alone.rows_of(alone.item_table));
  }
}

TEST(AlternatingLeastSquares, LowersItsObjectiveAndLeavesRowsWithoutInteractionsAtZero) {
  Setting setting(mpi::Communicator::world(), 8, false, false, 1, few_steps());
  double before = INFINITY;
  for (int sweep = 0; sweep < 6; ++sweep) {
    const double penalty = setting.solver.solve_users();
    const double after = penalty + setting.solver.solve_items();
    EXPECT_LT(after, before);
    before = after;
  }
  for (const float value : setting.user_table.row(users - 1)) EXPECT_EQ(value, 0.0F);
  for (const float value : setting.item_table.row(items - 1)) EXPECT_EQ(value, 0.0F);
}

TEST(AlternatingLeastSquares, TellsThatFactorsAreNoNumbers) {
  Setting setting(mpi::Communicator::world(), 8, false, false, 1, few_steps());
  setting.item_table.weights().data()[3 * 8] = NAN;
  EXPECT_FALSE(std::isfinite(setting.solver.solve_users()));
}

}  // namespace
}  // namespace gemel::learning
