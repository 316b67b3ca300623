#include "ingest/text_file.hpp"

#include <algorithm>
#include <utility>

#include "ingest/file_magic.hpp"
#include "ingest/text_survey.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::int64_t most_sample_lines = 1000;

std::string_view sample_of(std::string_view text) {
  std::size_t end = 0;
  for (std::int64_t line = 1;
       line <= most_sample_lines && end < std::min(text.size(), FileSample::most_bytes); ++line)
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  return text.substr(0, end);
}

}  // namespace

DelimitedText as_utf8(DelimitedText text, const std::filesystem::path& path,
                      mpi::Communicator& communicator) {
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) refuse_other_formats(path, text.text().substr(0, 512));
  });
  TextSurvey survey(true);
  survey.add(text.text());
  const Encoding encoding = survey.encoding(path, 1, communicator);
  if (encoding == Encoding::windows_1252) return text.with_text(windows_1252_to_utf8(text.text()));
  return survey.has_mark() ? text.with_text(std::string(without_mark(text.text()))) : std::move(text);
}

FileSample::FileSample(std::string_view text) {
  const std::string_view sample = sample_of(text);
  text_.assign(sample.begin(), sample.end());
  std::int64_t number = 1;
  for (std::string_view rest(text_.data(), text_.size()); !rest.empty(); ++number) {
    const std::string_view line = DelimitedText::take_line(rest);
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines_.push_back({number, line});
  }
}

}  // namespace gemel::ingest
