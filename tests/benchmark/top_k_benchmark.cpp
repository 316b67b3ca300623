// Top-K searches, and what the machine could do, timed when asked for; top_k.py asks, and times Faiss in between.
//   top_k_benchmark FOLDER CANDIDATES DIM QUERIES K THREADS
// writes FOLDER/candidates and FOLDER/queries, float32, and then answers each line that it reads with one of its own:
//   search   seconds that all queries took, and seconds of processors; of one query as gemel::Model searches, else as commands do
//   lists    the catalogue rows of all lists are in FOLDER/lists, int32
//   peak     operations a second of multiply-adds in registers, all threads together
//   memory   bytes a second that all threads together read from memory
#include <fmt/format.h>
#include <omp.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "benchmark/limits.hpp"
#include "evaluation/query_search.hpp"
#include "evaluation/top_k.hpp"
#include "mpi/environment.hpp"
#include "support/lanes.hpp"

namespace gemel::benchmarks {
namespace {

tensor::Matrix random_matrix(std::size_t rows, std::size_t cols, std::uint64_t stream) {
  tensor::Matrix matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = test::number(stream, i);
  return matrix;
}

template <class T>
void write(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) throw base::Error(base::ExitCode::data, path + ": cannot be written");
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Of all threads, working at the same time.
template <class Rate>
double rate_of_threads(int threads, const Rate& rate) {
  double sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
  sum += rate();
  return sum;
}

class Searches {
 public:
  Searches(std::string folder, std::size_t candidates, std::size_t dim, std::size_t queries, std::size_t k,
           int threads)
      : folder_(std::move(folder)),
        team_(threads),
        candidates_(random_matrix(candidates, dim, 1)),
        queries_(random_matrix(queries, dim, 2)),
        tiles_({0, candidates}, candidates_.view()),
        k_(k),
        top_k_(world_, team_, tiles_, candidates, k) {
    write<float>(folder_ + "/candidates", candidates_.view().flat());
    write<float>(folder_ + "/queries", queries_.view().flat());
  }

  std::string answer(const std::string& question) {
    const int threads = team_.threads();
    if (question == "search") return search();
    if (question == "lists") {
      write<std::int32_t>(folder_ + "/lists", rows_);
      return "written";
    }
    if (question == "peak") return fmt::format("{}", rate_of_threads(threads, measure_peak));
    if (question == "memory") return fmt::format("{}", rate_of_threads(threads, measure_read));
    return "unknown: " + question;
  }

 private:
  std::string search() {
    rows_.clear();
    const double start = wall_seconds();
    const double start_of_processors = processor_seconds();
    if (queries_.rows() == 1) {
      add(evaluation::best_candidates(queries_.row(0), tiles_, k_, {}, team_));
    } else {
      search_all();
    }
    return fmt::format("{} {}", wall_seconds() - start, processor_seconds() - start_of_processors);
  }

  void search_all() {
    for (std::size_t first = 0; first < queries_.rows(); first += evaluation::most_queries) {
      const std::size_t count = std::min(evaluation::most_queries, queries_.rows() - first);
      for (const auto list : top_k_.search(queries_.view().middle_rows(first, count))) add(list);
    }
  }

  void add(evaluation::TopK::List list) {
    for (const auto best : list) rows_.push_back(static_cast<std::int32_t>(tensor::row_of(best)));
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  std::string folder_;
  base::ThreadTeam team_;
  tensor::Matrix candidates_;
  tensor::Matrix queries_;
  evaluation::ScoreTiles tiles_;
  std::size_t k_;
  evaluation::TopK top_k_;
  std::vector<std::int32_t> rows_;
};

}  // namespace
}  // namespace gemel::benchmarks

int main(int argc, char** argv) {
  gemel::mpi::Environment environment(argc, argv);
  const auto number = [&](int i) { return std::stoul(argv[i]); };
  if (argc != 7) return 2;
  gemel::benchmarks::Searches searches(argv[1], number(2), number(3), number(4), number(5),
                                       std::stoi(argv[6]));
  for (std::string question; std::getline(std::cin, question);)
    std::cout << searches.answer(question) << std::endl;
  return 0;
}
