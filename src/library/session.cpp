#include "library/session.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "gemel/log.hpp"
#include "mpi/environment.hpp"

namespace gemel::library {
namespace {

/// What is logged, and by which ranks.
class Log {
 public:
  static Log& get() {
    static Log log;
    return log;
  }

  void set_level(std::string_view level) {
    const std::lock_guard lock(mutex_);
    base::set_up_log(level, is_root_);
    level_ = level;
  }
  void set_root(bool is_root) {
    const std::lock_guard lock(mutex_);
    is_root_ = is_root;
    base::set_up_log(level_, is_root_);
  }

 private:
  Log() { base::set_up_log(level_, is_root_); }

  std::mutex mutex_;
  std::string level_ = "warning";
  bool is_root_ = true;
};

struct Session {
  std::optional<mpi::Environment> environment;  // nothing where the program initialised MPI itself
  std::optional<mpi::Communicator> world;

  Session() {
    if (!mpi::Environment::is_initialised()) environment.emplace();
    world.emplace(mpi::Communicator::world());
    Log::get().set_root(world->is_root());
  }
};

}  // namespace

mpi::Communicator& world() {
  static Session session;
  return *session.world;
}

void set_up_log() {
  Log::get();
}

std::unique_lock<std::mutex> hold_files() {
  static std::mutex files;
  return std::unique_lock(files);
}

}  // namespace gemel::library

namespace gemel {

void set_log_level(std::string_view level) {
  library::Log::get().set_level(level);
}

}  // namespace gemel
