#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <xxhash.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "hdf5/examination.hpp"
#include "mpi/agreement.hpp"
#include "support/any_file.hpp"
#include "support/command.hpp"
#include "support/laid_out_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a test checkpoint holds. `weights` has five checksum blocks of 8192 rows (the last one shorter), so
// that of four ranks one has two.
struct Content {
  Content() : weights(4 * 8192 + 100, 32) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights.data()[i] = static_cast<float>(i) * 0.5F;
    weights(3, 7) = std::numeric_limits<float>::quiet_NaN();
    weights(3, 8) = -0.0F;
  }

  tensor::Matrix weights;
  std::vector<float> bias = {1.5F, -2.0F, 0.25F};
  std::vector<double> losses = {1e300, -0.125};
  std::vector<std::int64_t> steps = {-1, std::int64_t{1} << 60};
  std::vector<std::string> words = {"Amélie", "", "七人の侍"};
};

bool same_bits(const tensor::Matrix& a, const tensor::Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class CheckpointFileTest : public testing::Test {
 protected:
  static void fill(CheckpointWriter& writer, const Content& content) {
    writer.attribute("/", "epoch", std::int64_t{7});
    writer.attribute("/", "seed", ~std::uint64_t{0});
    writer.attribute("/", "config", R"({"layers": [64, 32]})");
    writer.write("/query/tables/user_id/weights", content.weights.view());
    writer.write("/query/dense_0/bias", std::span<const float>(content.bias));
    writer.write("/history/loss", std::span<const double>(content.losses));
    writer.write("/history/step", std::span<const std::int64_t>(content.steps));
    writer.write("/query/vocabulary/title", std::span<const std::string>(content.words));
    writer.write("/empty/matrix", tensor::ConstMatrixView(nullptr, 0, 5));
    writer.write("/empty/words", std::span<const std::string>());
    writer.attribute("/query/tables/user_id/weights", "mean", 0.5);
  }
  static void write_file(const std::filesystem::path& path, mpi::Communicator& communicator) {
    CheckpointWriter writer(path, communicator);
    fill(writer, Content());
    writer.commit();
  }
  void write_file() { write_file(path_, world_); }

  // Runs `action` on root; the others wait.
  void on_root(const std::function<void()>& action) {
    if (world_.is_root()) action();
    world_.barrier();
  }
  static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void overwrite(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  // Inverts a bit of the byte at `offset` behind the place where `landmark` first occurs in the file.
  void flip_behind(const std::string& landmark, std::size_t offset) {
    on_root([&] {
      std::string bytes = bytes_of(path_);
      const std::size_t place = bytes.find(landmark);
      ASSERT_NE(place, std::string::npos);
      bytes[place + offset] = static_cast<char>(bytes[place + offset] ^ 4);
      overwrite(path_, bytes);
    });
  }
  template <class T>
  static std::string bits(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

  // The message that every rank gets when `action` fails as checkpoints must.
  static std::string message_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      return error.what();
    }
    ADD_FAILURE() << "no AgreedError";
    return "";
  }
  std::string message_of_opening() {
    return message_of([&] { CheckpointReader(path_, world_, any_file()); });
  }
  std::string message_of_verifying() {
    return message_of([&] { CheckpointReader(path_, world_, any_file()).verify(); });
  }
  // What is in the directory once all ranks have come here. Collective.
  std::vector<std::string> files() {
    world_.barrier();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename().string());
    }
    world_.barrier();
    return names;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "checkpoint.h5";
};

TEST_F(CheckpointFileTest, GivesBackWhatWasWritten) {
  const Content content;
  write_file();
  EXPECT_THAT(files(), ElementsAre("checkpoint.h5"));

  CheckpointReader reader(path_, world_, any_file());
  EXPECT_EQ(reader.attribute<std::string>("/", "format"), "gemel-checkpoint");
  EXPECT_EQ(reader.attribute<std::int64_t>("/", "format_version"), 1);
  EXPECT_EQ(reader.attribute<std::int64_t>("/", "epoch"), 7);
  EXPECT_EQ(reader.attribute<std::uint64_t>("/", "seed"), ~std::uint64_t{0});
  EXPECT_EQ(reader.attribute<std::string>("/", "config"), R"({"layers": [64, 32]})");
  EXPECT_EQ(reader.attribute<double>("/query/tables/user_id/weights", "mean"), 0.5);
  EXPECT_FALSE(reader.has_attribute("/", "absent"));
  EXPECT_TRUE(reader.has("/history/loss"));
  EXPECT_FALSE(reader.has("/history/absent"));

  EXPECT_EQ(reader.shape("/query/tables/user_id/weights"), (hdf5::Shape{32868, 32}));
  EXPECT_TRUE(same_bits(reader.read_matrix("/query/tables/user_id/weights"), content.weights));
  tensor::Matrix weights(32868, 32);
  reader.read("/query/tables/user_id/weights", weights.view());
  EXPECT_TRUE(same_bits(weights, content.weights));
  EXPECT_EQ(reader.read_vector<float>("/query/dense_0/bias"), content.bias);
  EXPECT_EQ(reader.read_vector<double>("/history/loss"), content.losses);
  EXPECT_EQ(reader.read_vector<std::int64_t>("/history/step"), content.steps);
  EXPECT_EQ(reader.read_vector<std::string>("/query/vocabulary/title"), content.words);
  EXPECT_EQ(reader.shape("/empty/matrix"), (hdf5::Shape{0, 5}));
  EXPECT_EQ(reader.read_matrix("/empty/matrix").rows(), 0U);
  EXPECT_THAT(reader.read_vector<std::string>("/empty/words"), IsEmpty());
  EXPECT_NO_THROW(reader.verify());
}

TEST_F(CheckpointFileTest, FindsValuesThatAreNoFiniteNumbersWhereThereMustBeNone) {
  write_file();  // with one in the first block of the weights
  const auto message_of_looking_into = [&](const std::string& pattern) {
    return message_of([&] { CheckpointReader(path_, world_, any_file()).verify({{pattern}, {}}); });
  };
  EXPECT_THAT(
      message_of_looking_into("/query/*"),
      AllOf(HasSubstr(path_.string()), HasSubstr("/query/tables/user_id/weights"), HasSubstr("rows 0 to "),
            HasSubstr("no finite numbers"), HasSubstr("an earlier checkpoint")));
  const Ranges elsewhere = {{"/query/dense_0/*", "/query/vocabulary*", "/history*"}, {"/query/tables/*"}};
  CheckpointReader reader(path_, world_, any_file());
  EXPECT_NO_THROW(reader.verify(elsewhere));
  EXPECT_THAT(message_of([&] {
                CheckpointReader(path_, world_, any_file()).verify({{}, {"*bias"}});
              }),
              AllOf(HasSubstr("/query/dense_0/bias"), HasSubstr("below 0")));
}

TEST_F(CheckpointFileTest, DoesNotDependOnTheNumberOfRanks) {
  const auto alone_path = directory_ / "alone.h5";
  auto one_rank = world_.split(world_.rank());
  on_root([&] {
    write_file(alone_path, one_rank);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // a time stamp of seconds would differ
  });
  write_file();
  if (!world_.is_root()) return;
  // --use-system-epsilon would hide small differences; without it h5diff compares exactly.
  const auto difference = run_command("h5diff --verbose " + alone_path.string() + " " + path_.string());
  EXPECT_EQ(difference.status, 0) << difference.output;
  EXPECT_THAT(difference.output, HasSubstr("dataset: </query/tables/user_id/weights>"));
  EXPECT_TRUE(bytes_of(alone_path) == bytes_of(path_)) << "not the same file byte by byte";
}

TEST_F(CheckpointFileTest, OtherToolsReadIt) {
  write_file();
  if (!world_.is_root()) return;
  const auto bias = run_command("h5dump -d /query/dense_0/bias " + path_.string());
  EXPECT_THAT(bias.output, AllOf(HasSubstr("H5T_IEEE_F32LE"), HasSubstr("(0): 1.5, -2, 0.25")));
  const auto format = run_command("h5dump -a /format -a /complete -a /config " + path_.string());
  EXPECT_THAT(format.output, AllOf(HasSubstr("\"gemel-checkpoint\""), HasSubstr("(0): 1"),
                                   HasSubstr(R"({"layers": [64, 32]})")));
}

TEST_F(CheckpointFileTest, KeepsTheChecksumOfEveryBlock) {
  const Content content;
  write_file();
  if (!world_.is_root()) return;
  // As HDF5 finds it, in spite of the header before and the table of contents behind.
  const hdf5::Contents contents = hdf5::examine(path_);
  const auto* dataset = contents.dataset("/checksums/query/tables/user_id/weights");
  ASSERT_EQ(dataset->shape, (hdf5::Shape{5, {}}));
  std::vector<std::uint64_t> checksums(5);
  std::memcpy(checksums.data(), bytes_of(path_).data() + dataset->offset, dataset->bytes());
  for (std::size_t block = 0; block < 5; ++block) {
    const std::size_t rows = block < 4 ? 8192 : 100;
    EXPECT_EQ(checksums[block],
              XXH3_64bits(content.weights.row(block * 8192).data(), rows * 32 * sizeof(float)));
  }
}

TEST_F(CheckpointFileTest, FindsADamagedByteAndNamesItsRows) {
  write_file();
  flip_behind(bits(16384 * 32 * 0.5F) + bits((16384 * 32 + 1) * 0.5F),
              5);  // in the first row of the third block
  const auto damaged = AllOf(HasSubstr(path_.string()), HasSubstr("/query/tables/user_id/weights is damaged"),
                             HasSubstr("rows 16384 to 24575"));
  EXPECT_THAT(message_of_verifying(), damaged);
  EXPECT_THAT(message_of([&] {
                CheckpointReader(path_, world_, any_file()).read_matrix("/query/tables/user_id/weights");
              }),
              damaged);
  CheckpointReader reader(path_, world_, any_file());
  EXPECT_EQ(reader.read_vector<float>("/query/dense_0/bias"), Content().bias);  // the rest can be used
}

TEST_F(CheckpointFileTest, FindsADamagedString) {
  write_file();
  flip_behind("Am\xC3\xA9lie", 0);
  EXPECT_THAT(message_of_verifying(), HasSubstr("/query/vocabulary/title is damaged: rows 0 to 2"));
}

TEST_F(CheckpointFileTest, FindsADamagedAttribute) {
  write_file();
  flip_behind(R"({"layers": [64, 32]})", 12);  // 64 has become 24
  EXPECT_THAT(message_of_opening(), HasSubstr("checksum"));
}

// Any one bit of the file, of values, of HDF5's own structures or of a gap between them.
TEST_F(CheckpointFileTest, FindsEveryFlippedBitAndEveryTruncation) {
  on_root([&] {
    auto self = mpi::Communicator::self();
    const std::vector<float> values = {1, 2, 3};
    const std::vector<std::string> words = {"one", "two"};
    CheckpointWriter writer(path_, self);
    writer.attribute("/", "config", "eight");
    writer.write("/group/values", std::span<const float>(values));
    writer.write("/group/words", std::span<const std::string>(words));
    writer.commit();
    const std::string sound = bytes_of(path_);
    const auto fault_of = [&](const std::string& bytes) {
      overwrite(path_, bytes);
      try {
        CheckpointReader(path_, self, any_file()).verify();
      } catch (const FileError& error) {
        return error.fault;
      }
      return FileFault::none;
    };
    EXPECT_EQ(fault_of(sound), FileFault::none);
    for (std::size_t place = 0; place < sound.size(); place += 7) {
      std::string damaged = sound;
      damaged[place] = static_cast<char>(damaged[place] ^ (1 << (place % 8)));
      EXPECT_EQ(fault_of(damaged), FileFault::damaged) << place;
    }
    for (std::size_t size = ContainerHeader::bytes; size < sound.size(); size += 101)
      EXPECT_EQ(fault_of(sound.substr(0, size)), FileFault::damaged) << size;
    EXPECT_EQ(fault_of(sound + "x"), FileFault::damaged);
  });
}

TEST_F(CheckpointFileTest, RefusesWhatIsNotASoundCheckpoint) {
  EXPECT_THAT(message_of_opening(), AllOf(HasSubstr(path_.string()), HasSubstr("no such file")));

  on_root([&] { overwrite(path_, "user,item\n"); });
  EXPECT_THAT(message_of_opening(), HasSubstr("not an HDF5 file"));

  write_file(directory_ / "whole.h5", world_);
  const std::string whole = bytes_of(directory_ / "whole.h5");
  world_.barrier();
  on_root([&] { overwrite(path_, whole.substr(0, whole.size() - 1)); });
  EXPECT_THAT(message_of_opening(), HasSubstr("truncated"));
  on_root([&] { overwrite(path_, whole.substr(0, whole.size() / 2)); });
  EXPECT_THAT(message_of_opening(), HasSubstr("truncated"));
  on_root([&] { overwrite(path_, whole.substr(0, 20)); });
  EXPECT_THAT(message_of_opening(),
              AllOf(HasSubstr("damaged: truncated to 20 bytes"), HasSubstr("--resume auto")));
  on_root([&] { overwrite(path_, ""); });
  EXPECT_THAT(message_of_opening(), HasSubstr("not an HDF5 file"));
}

TEST_F(CheckpointFileTest, RefusesOtherFormatsVersionsAndUnfinishedFiles) {
  const auto write_header = [&](const std::string& format, std::int64_t version, bool complete) {
    on_root([&] {
      write_laid_out(path_, [&](hdf5::Layout& layout) {
        layout.attribute("/", "format", format);
        layout.attribute("/", "format_version", version);
        if (complete) layout.attribute("/", "complete", std::int64_t{1});
      });
    });
  };
  write_header("netCDF", 1, true);
  EXPECT_THAT(message_of_opening(), HasSubstr("not a checkpoint"));
  write_header("gemel-checkpoint", 2, true);
  EXPECT_THAT(message_of_opening(), AllOf(HasSubstr("format version 2"), HasSubstr("versions up to 1"),
                                          HasSubstr("use a newer one")));
  write_header("gemel-checkpoint", 1, false);
  EXPECT_THAT(message_of_opening(), AllOf(HasSubstr("incomplete"), HasSubstr("--resume auto")));
}

TEST_F(CheckpointFileTest, NamesWhatIsMissingOrOfAnotherShape) {
  write_file();
  const auto message = [&](const std::function<void(CheckpointReader&)>& action) {
    return message_of([&] {
      CheckpointReader reader(path_, world_, any_file());
      action(reader);
    });
  };
  tensor::Matrix narrow(32868, 31);
  EXPECT_THAT(message([&](auto& reader) { reader.read("/query/tables/user_id/weights", narrow.view()); }),
              AllOf(HasSubstr("/query/tables/user_id/weights"), HasSubstr("[32868, 32], not [32868, 31]")));
  EXPECT_THAT(message([](auto& reader) { reader.read_matrix("/query/absent"); }),
              HasSubstr("has no dataset /query/absent"));
  EXPECT_THAT(message([](auto& reader) { reader.shape("/absent/absent"); }),
              HasSubstr("has no dataset /absent/absent"));
  EXPECT_THAT(message([](auto& reader) { reader.template read_vector<float>("/history/loss"); }),
              HasSubstr("holds float64, not float32"));
  EXPECT_THAT(message([](auto& reader) { reader.read_matrix("/query/dense_0/bias"); }),
              HasSubstr("[3], not two dimensions"));
  EXPECT_THAT(message([](auto& reader) { reader.template attribute<std::int64_t>("/", "absent"); }),
              HasSubstr("no attribute \"absent\""));
}

TEST_F(CheckpointFileTest, FindsDatasetsAndChecksumsThatAreGone) {
  const auto write_without = [&](const std::string& path) {
    on_root([&] {
      write_laid_out(path_, [&](hdf5::Layout& layout) {
        layout.attribute("/", "format", std::string("gemel-checkpoint"));
        layout.attribute("/", "format_version", std::int64_t{1});
        layout.attribute("/", "complete", std::int64_t{1});
        layout.add(path, hdf5::Element::uint64, {0, {}});
      });
    });
  };
  write_without("/loss");
  EXPECT_THAT(message_of_verifying(), HasSubstr("has no dataset /checksums/loss"));
  write_without("/checksums/loss");
  EXPECT_THAT(message_of_verifying(), HasSubstr("dataset /loss is missing"));
}

TEST_F(CheckpointFileTest, NeverOverwritesAFile) {
  write_file();
  const std::string before = bytes_of(path_);
  EXPECT_THAT(message_of([&] { CheckpointWriter(path_, world_); }),
              HasSubstr("there is such a file already"));
  // Somebody else is quicker between the beginning and the commit.
  const auto second = directory_ / "second.h5";
  CheckpointWriter writer(second, world_);
  on_root([&] { overwrite(second, "not mine"); });
  EXPECT_THAT(message_of([&] { writer.commit(); }), HasSubstr("File exists"));
  EXPECT_EQ(bytes_of(second), "not mine");
  EXPECT_TRUE(bytes_of(path_) == before);
  EXPECT_EQ(files().size(), 2U);  // no temporary file is left
}

TEST_F(CheckpointFileTest, AnUncommittedWriterLeavesNothing) {
  {
    CheckpointWriter writer(path_, world_);
    fill(writer, Content());
    EXPECT_EQ(files().size(), 1U);
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(CheckpointFileTest, ReportsAMissingDirectory) {
  EXPECT_THAT(message_of([&] { CheckpointWriter(directory_ / "absent" / "checkpoint.h5", world_); }),
              AllOf(HasSubstr("No such file or directory"), HasSubstr("--checkpoint-dir")));
}

TEST_F(CheckpointFileTest, AStringThatWouldNotComeBackIsRefusedByAllRanks) {
  const std::vector<std::string> words = {"good", std::string("bad\0", 4)};
  CheckpointWriter writer(path_, world_);
  EXPECT_THAT(message_of([&] { writer.write("/words", std::span<const std::string>(words)); }),
              HasSubstr("zero byte"));
  EXPECT_THAT(files(), IsEmpty());
}

// The process is not allowed to write files of more than a megabyte, on the last rank only.
TEST_F(CheckpointFileTest, AFileSizeLimitOnOneRankFailsOnAllRanks) {
  write_file(directory_ / "earlier.h5", world_);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const bool is_last = world_.rank() == world_.size() - 1;
  const rlimit limit{6 * 1024 * 1024, before.rlim_max};
  if (is_last) setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THAT(message_of([&] {
                CheckpointWriter writer(path_, world_);
                for (int i = 0; i < 3; ++i)
                  writer.write("/weights_" + std::to_string(i), Content().weights.view());
                writer.commit();
              }),
              AllOf(HasSubstr(path_.string()), HasSubstr("ulimit"),
                    HasSubstr("Earlier checkpoints are untouched"), HasSubstr("--checkpoint-dir")));
  if (is_last) setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(files(), ElementsAre("earlier.h5"));
}

TEST_F(CheckpointFileTest, AFullDiskFailsOnAllRanksAndLeavesNothing) {
  bool mounted = false;
  if (world_.is_root()) {
    mounted = mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=14M") == 0;
  }
  mounted = world_.max(std::int64_t{mounted}) != 0;
  if (!mounted) GTEST_SKIP() << "NOT TESTED: a full disk. Mounting a small tmpfs needs root.";
  write_file();  // 4 MiB, there is room for it
  const std::string before = bytes_of(path_);
  const auto write_too_much = [&] {
    CheckpointWriter writer(directory_ / "large.h5", world_);
    for (int i = 0; i < 3; ++i) writer.write("/weights_" + std::to_string(i), Content().weights.view());
    writer.commit();
  };
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_THAT(message_of(write_too_much),
                AllOf(HasSubstr("large.h5"), HasSubstr("No space left on device"),
                      HasSubstr("Earlier checkpoints are untouched"), HasSubstr("--checkpoint-dir")));
    EXPECT_THAT(files(), ElementsAre("checkpoint.h5"));
  }
  EXPECT_TRUE(bytes_of(path_) == before);
  EXPECT_NO_THROW(write_file(directory_ / "small.h5", world_));  // the space is free again
  world_.barrier();
  if (world_.is_root()) umount2(directory_.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace gemel::checkpoint
