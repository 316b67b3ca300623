#include "base/unfinished_file.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

namespace gemel::base {

/// Of a list that only grows, as a handler of a signal may be reading it: entries are used again.
struct UnfinishedFile::Entry {
  std::string path;
  std::atomic<bool> is_used = false;
  Entry* next = nullptr;
};

namespace {

using Entry = UnfinishedFile::Entry;

std::atomic<Entry*> entries = nullptr;
std::mutex mutex;  // of those who add

Entry& take_entry(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex);
  Entry* entry = entries;
  while (entry != nullptr && entry->is_used) entry = entry->next;
  const bool is_new = entry == nullptr;
  if (is_new) entry = new Entry;
  entry->path = path.string();
  entry->is_used = true;
  if (is_new) {
    entry->next = entries;
    entries = entry;
  }
  return *entry;
}

}  // namespace

UnfinishedFile::UnfinishedFile(const std::filesystem::path& path) : entry_(take_entry(path)) {}

UnfinishedFile::~UnfinishedFile() {
  entry_.is_used = false;
}

void remove_unfinished_files() noexcept {
  for (Entry* entry = entries; entry != nullptr; entry = entry->next)
    if (entry->is_used) ::unlink(entry->path.c_str());
}

}  // namespace gemel::base
