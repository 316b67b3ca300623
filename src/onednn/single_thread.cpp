#include "onednn/single_thread.hpp"

#include <omp.h>

namespace gemel::onednn {

SingleThread::SingleThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}

SingleThread::~SingleThread() {
  omp_set_num_threads(before_);
}

}  // namespace gemel::onednn
