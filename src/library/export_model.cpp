#include "gemel/export_model.hpp"

#include "library/errors.hpp"
#include "library/session.hpp"
#include "model/loaded_model.hpp"
#include "serving/export.hpp"

namespace gemel {

std::vector<ExportedFile> export_model(const std::string& path, const ExportOptions& options, int threads) {
  library::set_up_log();
  if (options.directory.empty()) throw UsageError("ExportOptions::directory is missing");
  if (threads < 1) throw UsageError("threads: an export needs one at least");
  const auto lock = library::hold_files();
  return library::with_public_errors([&] {
    auto self = mpi::Communicator::self();
    const auto model = model::LoadedModel::open(path, self);
    const auto report = serving::export_model(model, options, threads, self,
                                              [](const serving::VectorTable&, std::int64_t) {});
    std::vector<ExportedFile> files;
    for (const base::WrittenFile& file : report.files) files.push_back({file.path.string(), file.bytes});
    return files;
  });
}

}  // namespace gemel
