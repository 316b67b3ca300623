#include "gemel/checkpoint.hpp"

#include <nlohmann/json.hpp>

#include "library/errors.hpp"
#include "library/session.hpp"
#include "model/model_file.hpp"
#include "report/json_text.hpp"
#include "serving/checkpoint_json.hpp"

namespace gemel {
namespace {

/// Calls action(communicator) of this process alone.
template <class Action>
auto alone(const Action& action) {
  library::set_up_log();
  const auto lock = library::hold_files();
  return library::with_public_errors([&] {
    auto self = mpi::Communicator::self();
    return action(self);
  });
}

}  // namespace

std::string inspect(const std::string& path) {
  return alone([&](mpi::Communicator& self) {
    const auto reader = model::open_checkpoint(path, self);
    const serving::CheckpointSummary summary = serving::summarize(*reader);
    return report::json_text(serving::to_json(summary));
  });
}

std::string diff(const std::string& a, const std::string& b) {
  return alone([&](mpi::Communicator& self) {
    const auto reader_a = model::open_checkpoint(a, self);
    const auto reader_b = model::open_checkpoint(b, self);
    const serving::CheckpointDifference difference = serving::compare(*reader_a, *reader_b);
    return report::json_text(
        serving::to_json(reader_a->path().string(), reader_b->path().string(), difference));
  });
}

void verify(const std::string& path) {
  alone([&](mpi::Communicator& self) {
    const auto reader = model::open_checkpoint(path, self);
    model::verify_checkpoint(*reader);
  });
}

}  // namespace gemel
