#include "ingest/unpack.hpp"

#include <bzlib.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <functional>
#include <string>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr Packing packings[] = {Packing::gzip, Packing::zstd, Packing::bzip2};

std::string gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& text, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log > 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer from{text.data(), text.size(), 0};
  ZSTD_outBuffer to{packed.data(), packed.size(), 0};
  // In two steps, so that the window is not cut down to the size of the text.
  if (window_log > 0) {
    EXPECT_FALSE(ZSTD_isError(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush)));
  }
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end), 0U);
  packed.resize(to.pos);
  ZSTD_freeCCtx(context);
  return packed;
}

std::string bzip2(const std::string& text) {
  std::string packed(text.size() + text.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(packed.size());
  std::string source = text;
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(packed.data(), &size, source.data(),
                                     static_cast<unsigned>(source.size()), 9, 0, 0),
            BZ_OK);
  packed.resize(size);
  return packed;
}

std::string pack(Packing packing, const std::string& text) {
  switch (packing) {
    case Packing::gzip:
      return gzip(text);
    case Packing::zstd:
      return zstd(text);
    default:
      return bzip2(text);
  }
}

/// Lines of ratings that compress about as real ones do.
std::string lines(int count) {
  std::string text;
  unsigned state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    text += std::to_string(i / 20) + "," + std::to_string(state >> 20) + "," + std::to_string(state % 5 + 1) +
            "\n";
  }
  return text;
}

/// What the whole file says.
std::string unpack(const std::string& packed, Packing packing, const std::string& path) {
  Unpacker unpacker(packing, path);
  std::string text;
  unpacker.add(packed, text);
  unpacker.finish();
  return text;
}

/// Gives the file in pieces of the same size.
std::string unpack_in_pieces(const std::string& packed, Packing packing, std::size_t piece) {
  Unpacker unpacker(packing, "a file");
  std::string text;
  for (std::size_t at = 0; at < packed.size(); at += piece)
    unpacker.add(std::string_view(packed).substr(at, piece), text);
  unpacker.finish();
  EXPECT_EQ(unpacker.packed_bytes(), packed.size());
  EXPECT_EQ(unpacker.unpacked_bytes(), text.size());
  return text;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::DataError& error) {
    return error.what();
  }
  return "no error";
}

std::string fault_of(const std::string& packed, Packing packing) {
  return message_of([&] { unpack(packed, packing, "dir/r.csv.x"); });
}

TEST(Unpack, KnowsAFormatByItsFirstBytes) {
  for (const Packing packing : packings) {
    for (const std::string& text : {""s, "1,2\n"s}) EXPECT_EQ(packing_of(pack(packing, text)), packing);
  }
  EXPECT_EQ(packing_of("\x5a\x2a\x4d\x18 a skippable frame"), Packing::zstd);
  for (const char* text :
       {"", "1,2,3\n", "BZh", "BZh9 is a user", "BZh01AY&SY", "BZh91AY&S", "\x1f", "(", "PK\x03\x04"})
    EXPECT_EQ(packing_of(text), std::nullopt) << text;
}

TEST(Unpack, GivesBackWhatWasPacked) {
  for (const Packing packing : packings) {
    for (const std::string& text : {""s, "x"s, "1,2\n3,4\n"s, lines(2000), std::string(3'000'000, 'a')}) {
      const std::string packed = pack(packing, text);
      EXPECT_EQ(unpack(packed, packing, "a file"), text);
      EXPECT_EQ(unpack_in_pieces(packed, packing, 1), text);
      EXPECT_EQ(unpack_in_pieces(packed, packing, 7), text);
    }
  }
}

TEST(Unpack, TakesStreamsOneAfterTheOtherForOneFile) {
  for (const Packing packing : packings) {
    const std::string packed =
        pack(packing, "1,2\n") + pack(packing, "") + pack(packing, lines(100)) + pack(packing, "3");
    for (const std::size_t piece : {1, 5, 1000}) {
      EXPECT_EQ(unpack_in_pieces(packed, packing, piece), "1,2\n" + lines(100) + "3");
    }
  }
}

TEST(Unpack, SkipsWhatIsMeantToBeSkipped) {
  const std::string skippable = "\x53\x2a\x4d\x18\x03\0\0\0abc"s;
  const std::string frames = skippable + zstd("1,2\n") + skippable + zstd("3,4\n") + skippable;
  const std::string padded = gzip("1,2\n") + gzip("3,4\n") + std::string(700, '\0');
  for (const std::size_t piece : {1, 3, 5000}) {
    EXPECT_EQ(unpack_in_pieces(frames, Packing::zstd, piece), "1,2\n3,4\n");
    EXPECT_EQ(unpack_in_pieces(padded, Packing::gzip, piece), "1,2\n3,4\n");
  }
}

TEST(Unpack, RefusesWhatFollowsAndSaysWhereItBegins) {
  for (const Packing packing : packings) {
    const std::string packed = pack(packing, "1,2\n");
    EXPECT_THAT(
        fault_of(packed + "3,4\n", packing),
        AllOf(HasSubstr("dir/r.csv.x: byte " + std::to_string(packed.size()) + ": "),
              HasSubstr("no " + std::string(name_of(packing)) + " data; 4 bytes were unpacked before"),
              HasSubstr("head -c " + std::to_string(packed.size()) + " dir/r.csv.x")));
    EXPECT_THAT(fault_of("1,2\n", packing), HasSubstr(": byte 0: from here on it is no "));
  }
  for (const char* rest : {"x", "\x1f\x8b\x08"}) {
    const std::string packed = gzip("1,2\n") + std::string(9, '\0');
    EXPECT_THAT(fault_of(packed + rest, Packing::gzip),
                HasSubstr(": byte " + std::to_string(packed.size()) + ": "));
  }
}

TEST(Unpack, SaysWhereATruncatedFileEnds) {
  const std::string text = lines(30);
  for (const Packing packing : packings) {
    const std::string packed = pack(packing, text);
    for (std::size_t size = 0; size < packed.size(); ++size) {
      EXPECT_THAT(fault_of(packed.substr(0, size), packing),
                  AllOf(HasSubstr("is truncated"), HasSubstr("after byte " + std::to_string(size) + ";"),
                        HasSubstr(std::string(name_of(packing)) + " -t dir/r.csv.x")));
      EXPECT_THAT(fault_of(packed + packed.substr(0, size), packing),
                  size == 0 ? HasSubstr("no error")
                            : HasSubstr("after byte " + std::to_string(packed.size() + size) + ";"));
    }
  }
}

/// Other bytes than were packed may come out only before the checksum is seen, that is, never of a whole file; but for the bits of
/// a header that say nothing about the text, or less, such as whether there is a checksum.
TEST(Unpack, RefusesFlippedBits) {
  const std::string text = lines(30);
  for (const Packing packing : packings) {
    const std::string packed = pack(packing, text);
    int accepted = 0;
    for (std::size_t bit = 0; bit < 8 * packed.size(); ++bit) {
      std::string damaged = packed;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      try {
        EXPECT_EQ(unpack(damaged, packing, "a file"), text) << name_of(packing) << " bit " << bit;
        ++accepted;
      } catch (const base::DataError&) {
      }
    }
    EXPECT_LT(accepted, 80) << name_of(packing);
  }
}

TEST(Unpack, MakesNoMoreThanThereIsRoomFor) {
  const std::string text(40'000'000, 'a');
  for (const Packing packing : packings) {
    const std::string packed = pack(packing, text);
    ASSERT_LT(packed.size(), 50'000U);
    Unpacker unpacker(packing, "a file");
    std::string_view rest = packed;
    std::string piece;
    std::size_t total = 0;
    for (; !rest.empty(); total += piece.size()) {
      piece.clear();
      unpacker.add_some(rest, piece, 10'000);
      ASSERT_LE(piece.size(), 10'000U);
    }
    unpacker.finish();
    EXPECT_EQ(total, text.size()) << name_of(packing);
    EXPECT_LT(piece.capacity(), 40'000U);
  }
}

TEST(Unpack, GoesOnWhereThereWasNoRoom) {
  const std::string text = lines(300);
  for (const Packing packing : packings) {
    const std::string packed = pack(packing, text) + pack(packing, text);
    for (const std::size_t piece : {1, 11, 100'000}) {
      Unpacker unpacker(packing, "a file");
      std::string unpacked;
      for (std::size_t at = 0; at < packed.size(); at += piece) {
        std::string_view rest = std::string_view(packed).substr(at, piece);
        while (!rest.empty()) unpacker.add_some(rest, unpacked, 3);
      }
      unpacker.finish();
      EXPECT_EQ(unpacked, text + text);
    }
  }
}

TEST(Unpack, SaysWhatToDoAboutALargeWindow) {
  const std::string packed = zstd(lines(1000), 28);
  EXPECT_THAT(fault_of(packed, Packing::zstd),
              AllOf(HasSubstr("dir/r.csv.x: cannot be unpacked here: its window"),
                    HasSubstr("larger than 128 MiB"), HasSubstr("zstd -d --long=31 dir/r.csv.x")));
  EXPECT_EQ(unpack(zstd(lines(1000), 27), Packing::zstd, "a file"), lines(1000));
}

TEST(Unpack, RefusesAFrameOfAnotherSizeHoweverItIsCut) {
  // 53 bytes, says the header; the only block is empty. Found by fuzzing.
  const std::string packed = "\x28\xb5\x2f\xfd\x20\x35\x01\0\0"s;
  for (const std::size_t piece : {1, 4, 100})
    EXPECT_NE(message_of([&] { unpack_in_pieces(packed, Packing::zstd, piece); }), "no error");
  EXPECT_EQ(unpack_in_pieces("\x28\xb5\x2f\xfd\x20\0\x01\0\0"s, Packing::zstd, 1), "");
}

TEST(Unpack, SaysWhatIsDamaged) {
  std::string packed = gzip("1,2\n");
  packed[packed.size() - 6] ^= 1;
  EXPECT_THAT(fault_of(packed, Packing::gzip),
              AllOf(HasSubstr("its gzip data is damaged (incorrect data check); 4 bytes"),
                    HasSubstr("gzip -t dir/r.csv.x")));
}

}  // namespace
}  // namespace gemel::ingest
