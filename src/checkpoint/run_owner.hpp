#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gemel::checkpoint {

/// The process that computes a run; of an MPI job, that of root. It can be written down, and asked for later by another process.
struct RunOwner {
  std::string host;
  /// Of the system that it runs on: changes with every boot.
  std::string boot;
  /// In which `process` is its number: a container has one of its own, and its own host name or not.
  std::string process_namespace;
  std::int64_t process = 0;
  /// Clock ticks from the boot to its start: process numbers are used again.
  std::int64_t started = 0;

  static RunOwner self();

  /// Lines for people, which parse() reads.
  std::string text() const;
  /// Nothing for another text.
  static std::optional<RunOwner> parse(const std::string& text);

  /// Whether this process sees the processes among which that one is or was, so that is_alive() knows.
  bool is_in_sight() const;
  /// Whether it lives. One that has ended and is not yet waited for (a zombie) does not.
  bool is_alive() const;

  friend bool operator==(const RunOwner&, const RunOwner&) = default;
};

/// Whether a process of this number lives among those that this one sees; nothing more is known of it. A zombie does not.
bool is_living(std::int64_t process);

}  // namespace gemel::checkpoint
