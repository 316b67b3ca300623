#include "base/place.hpp"

#include <algorithm>
#include <cstddef>

namespace gemel::base {
namespace {

/// As much of the text as fits, and a zero.
template <std::size_t size>
void copy(std::string_view text, std::array<char, size>& to) {
  to.fill(0);
  std::ranges::copy(text.substr(0, size - 1), to.begin());
}

}  // namespace

Place& Place::of_process() {
  static Place place;
  return place;
}

void Place::set_activity(std::string_view activity) {
  const std::lock_guard lock(mutex_);
  activity_ = activity;
}

Place::Report Place::report() const {
  Report report;
  report.turns = turns();
  report.step = step_.load(std::memory_order_relaxed);
  report.rests = rests_;
  copy(call_.load(std::memory_order_relaxed), report.call);
  copy(phase_.load(std::memory_order_relaxed), report.phase);
  const std::lock_guard lock(mutex_);
  copy(activity_, report.activity);
  return report;
}

}  // namespace gemel::base
