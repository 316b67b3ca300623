#pragma once

#include <omp.h>

#include <exception>

namespace gemel::base {

/// The threads of a rank. Runs a function for each of a number of independent pieces of work; which thread takes which piece
/// does not matter to the result.
class ThreadTeam {
 public:
  explicit ThreadTeam(int threads) : threads_(threads) {}

  int threads() const { return threads_; }

  /// Calls work(piece, thread) for every piece in [0, pieces), each once; returns when all are done. The first exception that
  /// a piece throws is thrown again here.
  template <class Work>
  void for_each(int pieces, const Work& work) const {
    if (threads_ == 1 || pieces <= 1) {
      for (int piece = 0; piece < pieces; ++piece) work(piece, 0);
      return;
    }
    std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
    for (int piece = 0; piece < pieces; ++piece) {
      try {
        work(piece, omp_get_thread_num());
      } catch (...) {
#pragma omp critical(gemel_lane_failure)
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

 private:
  int threads_;
};

}  // namespace gemel::base
