#include "library/session.hpp"

#include <optional>

#include "base/log.hpp"
#include "gemel/log.hpp"
#include "mpi/environment.hpp"

namespace gemel::library {
namespace {

struct Session {
  std::optional<mpi::Environment> environment;  // nothing where the program initialised MPI itself
  std::optional<mpi::Communicator> world;

  Session() {
    if (!mpi::Environment::is_initialised()) environment.emplace();
    world.emplace(mpi::Communicator::world());
    base::set_up_log("warning", world->is_root());
  }
};

}  // namespace

mpi::Communicator& world() {
  static Session session;
  return *session.world;
}

}  // namespace gemel::library

namespace gemel {

void set_log_level(std::string_view level) {
  base::set_up_log(level, library::world().is_root());
}

}  // namespace gemel
