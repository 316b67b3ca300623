#include "ingest/unpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

/// Whether one of the two begins with the other.
bool agree_as_far_as_they_go(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  return a.substr(0, length) == b.substr(0, length);
}

/// "BZh", the size of the blocks, and the mark of the first block or, in a stream of nothing, of the end.
bool may_begin_bzip2(std::string_view bytes) {
  constexpr std::size_t size = 3;
  if (!agree_as_far_as_they_go(bytes, "BZh"sv)) return false;
  if (bytes.size() <= size) return true;
  const std::string_view mark = bytes.substr(size + 1);
  return bytes[size] >= '1' && bytes[size] <= '9' &&
         (agree_as_far_as_they_go(mark, "1AY&SY"sv) || agree_as_far_as_they_go(mark, "\x17rE8P\x90"sv));
}

/// A frame, or a skippable one, whose first byte may be any of sixteen.
bool may_begin_zstd(std::string_view bytes) {
  if (agree_as_far_as_they_go(bytes, "\x28\xb5\x2f\xfd"sv)) return true;
  return (static_cast<unsigned char>(bytes[0]) & 0xf0) == 0x50 &&
         agree_as_far_as_they_go(bytes.substr(1), "\x2a\x4d\x18"sv);
}

/// Whether a stream can begin with `bytes`, one at least.
bool may_begin(Packing packing, std::string_view bytes) {
  switch (packing) {
    case Packing::gzip:
      return agree_as_far_as_they_go(bytes, "\x1f\x8b"sv);
    case Packing::zstd:
      return may_begin_zstd(bytes);
    case Packing::bzip2:
      return may_begin_bzip2(bytes);
  }
  throw base::InternalError("an unknown packing");
}

/// How many bytes it takes to know a stream.
std::size_t magic_bytes(Packing packing) {
  switch (packing) {
    case Packing::gzip:
      return 2;
    case Packing::zstd:
      return 4;
    case Packing::bzip2:
      return packing_magic_bytes;
  }
  throw base::InternalError("an unknown packing");
}

}  // namespace

std::string_view name_of(Packing packing) {
  switch (packing) {
    case Packing::gzip:
      return "gzip";
    case Packing::zstd:
      return "zstd";
    case Packing::bzip2:
      return "bzip2";
  }
  throw base::InternalError("an unknown packing");
}

std::optional<Packing> packing_of(std::string_view first_bytes) {
  for (const Packing packing : {Packing::gzip, Packing::zstd, Packing::bzip2}) {
    if (first_bytes.size() >= magic_bytes(packing) && may_begin(packing, first_bytes)) return packing;
  }
  return std::nullopt;
}

Unpacker::Unpacker(Packing packing, std::filesystem::path path)
    : packing_(packing), path_(std::move(path)), decoder_(make_decoder(packing)) {}

void Unpacker::add_some(std::string_view& packed, std::string& out, std::size_t room) {
  base::require(room > 0, "there is room for unpacked bytes");
  const std::size_t before = out.size();
  out.resize(before + room);
  std::size_t made = 0;
  while (made < room && !packed.empty()) {
    if (!begins_well(packed)) continue;
    const Decoder::Progress progress = decoder_->decode(packed, out.data() + before + made, room - made);
    take(packed, progress.used);
    made += progress.made;
    unpacked_bytes_ += progress.made;
    if (!progress.fault.empty()) refuse(progress);
    if (progress.has_ended) {
      magic_.clear();
      stream_start_ = packed_bytes_;
    }
  }
  out.resize(before + made);
}

void Unpacker::add(std::string_view packed, std::string& out) {
  constexpr std::size_t room = 1 << 18;
  while (!packed.empty()) add_some(packed, out, room);
}

void Unpacker::finish() const {
  if (stream_start_ > 0 && magic_.empty()) return;
  throw base::DataError(
      fmt::format("{0}: is truncated: its {1} data should go on after byte {2}; {3} bytes were unpacked "
                  "before. Fetch it again; test it with: {1} -t {0}.",
                  path_.string(), name_of(packing_), packed_bytes_, unpacked_bytes_));
}

bool Unpacker::begins_well(std::string_view& packed) {
  if (magic_.size() == magic_bytes(packing_)) return true;
  if (packing_ == Packing::gzip && stream_start_ > 0 && magic_.empty() && packed[0] == '\0') {
    take(packed, std::min(packed.find_first_not_of('\0'), packed.size()));
    is_padded_ = true;
    stream_start_ = packed_bytes_;
    return false;
  }
  const std::string_view more = packed.substr(0, magic_bytes(packing_) - magic_.size());
  magic_ += more;
  if (is_padded_ || !may_begin(packing_, magic_)) refuse_what_follows();
  return true;
}

void Unpacker::take(std::string_view& packed, std::size_t bytes) {
  packed.remove_prefix(bytes);
  packed_bytes_ += bytes;
}

void Unpacker::refuse_what_follows() const {
  throw base::DataError(
      fmt::format("{0}: byte {1}: from here on it is no {2} data; {3} bytes were unpacked before. If they "
                  "are all, cut off the rest: head -c {1} {0} >FILE.",
                  path_.string(), stream_start_, name_of(packing_), unpacked_bytes_));
}

void Unpacker::refuse(const Decoder::Progress& progress) const {
  if (!progress.remedy.empty()) {
    throw base::DataError(fmt::format("{}: cannot be unpacked here: {}. {}", path_.string(), progress.fault,
                                      fmt::format(fmt::runtime(progress.remedy), path_.string())));
  }
  throw base::DataError(
      fmt::format("{0}: byte {1}: its {2} data is damaged ({3}); {4} bytes were unpacked before. Fetch it "
                  "again; test it with: {2} -t {0}.",
                  path_.string(), packed_bytes_, name_of(packing_), progress.fault, unpacked_bytes_));
}

}  // namespace gemel::ingest
