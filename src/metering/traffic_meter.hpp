#pragma once

#include <cstddef>
#include <cstdint>

#include "metering/traffic.hpp"
#include "mpi/communicator.hpp"

namespace gemel::metering {

/// Bytes that this rank has sent to others, told apart by purpose.
class TrafficMeter {
 public:
  explicit TrafficMeter(const mpi::Communicator& communicator) : communicator_(communicator) {}

  /// Puts what the communicator sends between its construction and its destruction to the account of one purpose.
  class Scope {
   public:
    Scope(TrafficMeter& meter, Traffic purpose)
        : meter_(meter), purpose_(purpose), before_(meter.communicator_.bytes_sent()) {}
    ~Scope() {
      meter_.bytes_[static_cast<std::size_t>(purpose_)] += meter_.communicator_.bytes_sent() - before_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    TrafficMeter& meter_;
    Traffic purpose_;
    std::int64_t before_;
  };

  [[nodiscard]] Scope measure(Traffic purpose) { return {*this, purpose}; }
  std::int64_t bytes(Traffic purpose) const { return bytes_[static_cast<std::size_t>(purpose)]; }
  const TrafficBytes& all() const { return bytes_; }

 private:
  const mpi::Communicator& communicator_;
  TrafficBytes bytes_{};
};

}  // namespace gemel::metering
