#include "mpi/environment.hpp"

#include <mpi.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/place.hpp"
#include "mpi/error.hpp"
#include "mpi/waiting.hpp"

namespace gemel::mpi {

void check(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw MpiError(std::string(call) + ": " + std::string(text, static_cast<std::size_t>(length)));
}

namespace {

constexpr unsigned abort_patience = 3;  // seconds

/// Messages up to this size go through shared memory without waiting for their receiver: a step's are mostly of 5 to 60 kB, of two
/// ranks up to 200 kB, and Open MPI's default of 4 kB costs 7 to 15 % of an epoch. With more ranks more than 64 kB is no gain. What
/// the user has set stays.
void prefer_eager_messages() {
  const char* ranks_on_this_node = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");  // where mpirun tells it
  const bool are_two = ranks_on_this_node != nullptr && std::string_view(ranks_on_this_node) == "2";
  for (const char* transport :
       {"OMPI_MCA_btl_vader_eager_limit", "OMPI_MCA_btl_sm_eager_limit"})  // Open MPI 4, 5
    setenv(transport, are_two ? "262144" : "65536", /*overwrite=*/0);
}

/// Ranks of one node talk through its memory. Looking for networks that nothing is sent through costs 0.2 s of every start, and a process
/// without a launcher needs no daemon to wait for, 0.1 s more. What the user has set stays.
void look_for_no_network() {
  const char* ranks = std::getenv("OMPI_COMM_WORLD_SIZE");
  const char* ranks_on_this_node = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  const bool has_launcher = ranks != nullptr || std::getenv("PMIX_RANK") != nullptr ||
                            std::getenv("PMI_RANK") != nullptr || std::getenv("SLURM_PROCID") != nullptr;
  const bool is_one_node =
      ranks != nullptr && ranks_on_this_node != nullptr && std::string_view(ranks) == ranks_on_this_node;
  if (has_launcher && !is_one_node) return;
  setenv("OMPI_MCA_pml", "ob1", /*overwrite=*/0);
  if (!has_launcher) setenv("OMPI_MCA_ess_singleton_isolated", "1", /*overwrite=*/0);
}

void initialise(int* argc, char*** argv) {
  prefer_eager_messages();
  look_for_no_network();
  int provided = MPI_THREAD_SINGLE;
  wait_in("MPI_Init_thread", [&] { return MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided); });
  if (provided < MPI_THREAD_FUNNELED)
    throw MpiError("MPI_Init_thread: this MPI supports no threads (MPI_THREAD_FUNNELED)");
}

}  // namespace

Environment::Environment() {
  initialise(nullptr, nullptr);
}

Environment::Environment(int& argc, char**& argv) {
  initialise(&argc, &argv);
}

Environment::~Environment() {
  base::Place& place = base::Place::of_process();
  place.set_activity("at the end");
  place.begin_waiting("MPI_Finalize");
  MPI_Finalize();
  place.end_waiting();
}

bool Environment::is_initialised() {
  int initialised = 0;
  check(MPI_Initialized(&initialised), "MPI_Initialized");
  return initialised != 0;
}

bool Environment::is_running() {
  int finalised = 0;
  check(MPI_Finalized(&finalised), "MPI_Finalized");
  return is_initialised() && finalised == 0;
}

std::string Environment::library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string version(text, static_cast<std::size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));
}

std::string Environment::host_name() {
  char text[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  check(MPI_Get_processor_name(text, &length), "MPI_Get_processor_name");
  return {text, static_cast<std::size_t>(length)};
}

void Environment::abort(int exit_code) {
  // It may wait for a launcher that is gone.
  static std::atomic<int> code;
  code = exit_code;
  std::signal(SIGALRM, [](int) { ::_exit(code); });
  ::alarm(abort_patience);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  ::_exit(exit_code);
}

}  // namespace gemel::mpi
