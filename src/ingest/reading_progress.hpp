#pragma once

#include <cstdint>
#include <functional>

namespace gemel::ingest {

/// How far the reading of files of text is, as a rank guesses from its own share of them.
struct ReadingProgress {
  std::uint64_t done = 0;  ///< bytes of all ranks' files
  std::uint64_t all = 0;   ///< the same; 0 for streams and compressed files, of which nobody knows it
  double seconds = 0;      ///< since the first of them was opened

  double bytes_per_second() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
  bool is_complete() const { return all > 0 && done >= all; }
};

/// While it lives, whoever reads files on this rank tells how far that is: often, and when it is complete, on the thread that reads. One
/// object at a time.
class ReadingWatch {
 public:
  using Tell = std::function<void(const ReadingProgress&)>;
  explicit ReadingWatch(Tell tell);
  ~ReadingWatch();
  ReadingWatch(const ReadingWatch&) = delete;
  ReadingWatch& operator=(const ReadingWatch&) = delete;
};

/// To be called by those who read. Files of `all` bytes are opened, of which this rank will look at `own`, each byte as often as it counts.
void begin_reading(std::uint64_t all, std::uint64_t own);
/// It knows now how many these are.
void expect_reading(std::uint64_t own);
/// It has looked at so many more. Throws Error (interrupted) where a signal asks to stop: where what fails on one rank is agreed on.
void note_reading(std::uint64_t bytes);

}  // namespace gemel::ingest
