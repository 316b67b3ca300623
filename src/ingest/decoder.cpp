#include "ingest/decoder.hpp"

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <new>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

// The libraries ask for input that is not const, and only read it.

/// As many bytes as the libraries' counters take.
unsigned clamped(std::size_t bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max()));
}

class GzipDecoder : public Decoder {
 public:
  GzipDecoder() {
    constexpr int gzip_header = 16;
    if (inflateInit2(&stream_, MAX_WBITS + gzip_header) != Z_OK) throw std::bad_alloc();
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Progress decode(std::string_view packed, char* out, std::size_t room) override {
    const unsigned given = clamped(packed.size());
    const unsigned most = clamped(room);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = given;
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = most;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Progress progress{.used = given - stream_.avail_in, .made = most - stream_.avail_out};
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) {
      progress.has_ended = true;
      inflateReset(&stream_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {  // the latter: nothing to do with what is given
      progress.fault = stream_.msg != nullptr ? stream_.msg : "unknown fault";
    }
    return progress;
  }

 private:
  z_stream stream_ = {};
};

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }

  Progress decode(std::string_view packed, char* out, std::size_t room) override {
    ZSTD_inBuffer from{packed.data(), packed.size(), 0};
    ZSTD_outBuffer to{out, room, 0};
    const std::size_t status = ZSTD_decompressStream(stream_.get(), &to, &from);
    Progress progress{.used = from.pos, .made = to.pos, .has_ended = status == 0};
    if (ZSTD_isError(status) != 0) {
      explain(status, progress);
    } else if (!note(packed, progress)) {
      progress.fault = "it has another size than its header says";
    }
    return progress;
  }

 private:
  struct Release {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  static void explain(std::size_t status, Progress& progress) {
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
    if (code == ZSTD_error_memory_allocation) throw std::bad_alloc();
    progress.fault = ZSTD_getErrorName(status);
    if (code == ZSTD_error_frameParameter_windowTooLarge) {
      progress.fault = "its window, which unpacking keeps in memory, is larger than 128 MiB";
      progress.remedy = "Unpack it: zstd -d --long=31 {0}; or pack it again without --ultra and --long.";
    } else if (code == ZSTD_error_dictionary_wrong) {
      progress.fault = "it was packed with a dictionary";
      progress.remedy = "Unpack it: zstd -d -D DICTIONARY {0}.";
    }
  }

  /// Keeps account of the frame. Returns false if it has ended with another size than it should have, which the library overlooks
  /// where the last block is empty and does not come in one piece with the frame.
  bool note(std::string_view packed, const Progress& progress) {
    constexpr std::size_t longest_header = 18;
    header_ += packed.substr(0, std::min(progress.used, longest_header - header_.size()));
    size_ += progress.made;
    if (!progress.has_ended) return true;
    const unsigned long long size = ZSTD_getFrameContentSize(header_.data(), header_.size());
    const bool is_right = size == ZSTD_CONTENTSIZE_UNKNOWN || size == size_;
    header_.clear();
    size_ = 0;
    return is_right;
  }

  std::unique_ptr<ZSTD_DStream, Release> stream_;
  std::string header_;           // of the frame, or as much of it as it takes to know its size
  unsigned long long size_ = 0;  // of what has come out of the frame
};

class Bzip2Decoder : public Decoder {
 public:
  Bzip2Decoder() { start(); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

  Progress decode(std::string_view packed, char* out, std::size_t room) override {
    const unsigned given = clamped(packed.size());
    const unsigned most = clamped(room);
    stream_.next_in = const_cast<char*>(packed.data());
    stream_.avail_in = given;
    stream_.next_out = out;
    stream_.avail_out = most;
    const int status = BZ2_bzDecompress(&stream_);
    Progress progress{.used = given - stream_.avail_in, .made = most - stream_.avail_out};
    if (status == BZ_MEM_ERROR) throw std::bad_alloc();
    if (status == BZ_STREAM_END) {
      progress.has_ended = true;
      BZ2_bzDecompressEnd(&stream_);
      start();
    } else if (status != BZ_OK) {
      progress.fault = status == BZ_DATA_ERROR_MAGIC ? "no header" : "incorrect data";
    }
    return progress;
  }

 private:
  void start() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
  }

  bz_stream stream_ = {};
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(Packing packing) {
  switch (packing) {
    case Packing::gzip:
      return std::make_unique<GzipDecoder>();
    case Packing::zstd:
      return std::make_unique<ZstdDecoder>();
    case Packing::bzip2:
      return std::make_unique<Bzip2Decoder>();
  }
  throw base::InternalError("an unknown packing");
}

}  // namespace gemel::ingest
