#include "checkpoint/checkpoint_format.hpp"

#include <fmt/format.h>

namespace gemel::checkpoint {
namespace {

using hdf5::Element;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

std::vector<AllowedDatasets> datasets_of_checkpoints() {
  std::vector<AllowedDatasets> allowed;
  const std::vector<Element> text = {Element::text};
  const std::vector<Element> integers = {Element::int64};
  const std::vector<Element> floats = {Element::float32};
  // What rows of texts have no room for (long_texts.hpp).
  const auto add_texts = [&](const std::string& pattern) {
    allowed.push_back({pattern + "_rest_row", integers, 1});
    allowed.push_back({pattern, text, 1});
  };
  for (const std::string tower : {"/query", "/candidate"}) {
    allowed.push_back({tower + "/features_rest_row", integers, 1, 64 * mebibyte});
    allowed.push_back({tower + "/features*", text, 1, 64 * mebibyte});
    allowed.push_back({tower + "/tables/*", floats, 2});
    allowed.push_back({tower + "/dense_*/kernel*", floats, 0});  // of one row: a vector
    allowed.push_back({tower + "/dense_*/bias*", floats, 1});
    add_texts(tower + "/vocabulary/*");
  }
  allowed.push_back({"/catalogue/vector", floats, 2});
  allowed.push_back({"/catalogue/count", integers, 1});
  for (const char* texts : {"/catalogue/id*", "/catalogue/label*", "/users/id*"}) add_texts(texts);
  allowed.push_back({"/users/first", integers, 1});
  allowed.push_back({"/users/item", integers, 1});
  for (const char* name : {"/history/epoch", "/history/step", "/history/top_k"})
    allowed.push_back({name, integers, 1, 64 * mebibyte});
  allowed.push_back({"/history/*", {Element::float64}, 1, 64 * mebibyte});
  allowed.push_back({"/loss/*", floats, 0});
  allowed.push_back({"/training/lane_losses", {Element::float64}, 1, mebibyte});
  allowed.push_back({"/data/trained_*", {Element::uint64}, 1, mebibyte});
  return allowed;
}

}  // namespace

const FileKind& checkpoint_file() {
  static const FileKind kind = {
      .format = "gemel-checkpoint",
      .noun = "checkpoint",
      .read_code = base::ExitCode::checkpoint,
      .write_code = base::ExitCode::checkpoint,
      .when_damaged =
          "Use an earlier checkpoint. --resume auto takes the newest sound one, as does a "
          "command that is given a directory",
      .when_other_file = "Name a file that this program wrote as a checkpoint, or a directory with some",
      .when_unfit =
          "The checkpoint is of another model or of another version of this program: give the "
          "options that it was trained with, or start afresh without --resume",
      .when_unwritten =
          "Earlier checkpoints are untouched. Free space on that file system, or choose another "
          "directory with --checkpoint-dir.",
      .datasets = datasets_of_checkpoints(),
      .attributes_of = {"/", "/run", "/data", "/history"}};
  return kind;
}

std::string explain_unwritten(const FileKind& kind, const std::filesystem::path& path,
                              const std::string& what) {
  return fmt::format("cannot write the {} {}: {}. {}", kind.noun, path.string(), what, kind.when_unwritten);
}

}  // namespace gemel::checkpoint
