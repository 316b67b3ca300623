#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gemel::base {

/// Working memory that threads borrow in turn: there comes to be as much as is borrowed at once. For any threads at any time.
template <class T>
class Pool {
 public:
  /// One object, which goes back when the loan ends.
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<T> object) : pool_(pool), object_(std::move(object)) {}
    ~Loan() { pool_.give_back(std::move(object_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    T& operator*() const { return *object_; }

   private:
    Pool& pool_;
    std::unique_ptr<T> object_;
  };

  Loan borrow() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<T> object = std::move(free_.back());
        free_.pop_back();
        return {*this, std::move(object)};
      }
    }
    auto object = std::make_unique<T>();
    {
      const std::lock_guard lock(mutex_);
      free_.reserve(++made_);  // so that giving back cannot fail
    }
    return {*this, std::move(object)};
  }

 private:
  void give_back(std::unique_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(object));
  }

  std::mutex mutex_;
  std::size_t made_ = 0;
  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace gemel::base
