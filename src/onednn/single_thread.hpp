#pragma once

namespace gemel::onednn {

/// While it lives, oneDNN computes on the calling thread alone, whatever OpenMP would give it; for threads that are not a Runtime's and
/// belong to a program that uses OpenMP itself.
class SingleThread {
 public:
  SingleThread();
  ~SingleThread();
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

}  // namespace gemel::onednn
