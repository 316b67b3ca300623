#pragma once

#include <string>

namespace gemel::mpi {

/// MPI for the lifetime of the object: initialised with MPI_THREAD_FUNNELED, finalised by the destructor (which is
/// collective: let it run on all ranks or on none).
class Environment {
 public:
  Environment();
  Environment(int& argc, char**& argv);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Whether this process has initialised MPI, by whatever means.
  static bool is_initialised();
  /// Whether MPI may be called: it is initialised, and not finalised yet.
  static bool is_running();

  /// The MPI library's name and version, on one line.
  static std::string library_version();

  /// The name of the machine that this rank is on.
  static std::string host_name();

  /// Ends the whole job within seconds with `exit_code`. The way out when one rank has failed and the others do not know.
  [[noreturn]] static void abort(int exit_code);
};

}  // namespace gemel::mpi
