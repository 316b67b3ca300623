#include "mpi/agreement.hpp"

#include <exception>
#include <new>

namespace gemel::mpi {
namespace {

struct Outcome {
  base::ExitCode code = base::ExitCode::success;
  std::string message;
};

Outcome describe(const std::exception_ptr& failure) {
  if (!failure) return {};
  try {
    std::rethrow_exception(failure);
  } catch (const base::Error& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return {base::ExitCode::internal, "out of memory"};
  } catch (const std::exception& error) {
    return {base::ExitCode::internal, error.what()};
  }
}

}  // namespace

void agree_on(Communicator& communicator, const std::exception_ptr& failure) {
  Outcome outcome = describe(failure);
  const bool failed = outcome.code != base::ExitCode::success;
  const auto first = communicator.min(std::int64_t{failed ? communicator.rank() : communicator.size()});
  if (first == communicator.size()) return;
  const int root = static_cast<int>(first);
  communicator.broadcast(std::span(&outcome.code, 1), root);
  communicator.broadcast(outcome.message, root);
  throw AgreedError(outcome.code, outcome.message);
}

void agree(Communicator& communicator, const std::function<void()>& action) {
  std::exception_ptr failure;
  try {
    action();
  } catch (...) {
    failure = std::current_exception();
  }
  agree_on(communicator, failure);
}

}  // namespace gemel::mpi
