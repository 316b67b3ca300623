#include "hdf5/examination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "hdf5/error.hpp"
#include "hdf5/text_rows.hpp"

namespace gemel::hdf5 {
namespace {

constexpr unsigned seconds_allowed = 30;
constexpr int deepest = 8;
constexpr std::size_t most_objects = 100'000;
constexpr std::size_t largest_attribute = std::size_t{64} << 20;
constexpr std::size_t longest_answer = std::size_t{512} << 20;

/// Looks at a file with HDF5, in this process.
class Examiner {
 public:
  explicit Examiner(const std::filesystem::path& path) {
    silence_error_printing();
    check(H5PLset_loading_state(0), "H5PLset_loading_state");
    PropertyListHandle access(check(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate"));
    check(H5Pset_fapl_sec2(access.id()), "H5Pset_fapl_sec2");
    file_ = FileHandle(check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), "H5Fopen", path.string()));
  }

  Contents examine() {
    look_at_group("/", 0);
    contents_.sort();
    return std::move(contents_);
  }

 private:
  struct Link {
    std::string name;
    bool is_hard;
  };

  static herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* links) {
    auto& all = *static_cast<std::vector<Link>*>(links);
    all.push_back({name, info->type == H5L_TYPE_HARD});
    return all.size() > most_objects ? 1 : 0;
  }

  void look_at_group(const std::string& path, int depth) {
    if (depth > deepest) throw Hdf5Error(path + ": too deep");
    const GroupHandle group(check(H5Gopen2(file_.id(), path.c_str(), H5P_DEFAULT), "H5Gopen2", path));
    look_at_attributes(group.id(), path);
    std::vector<Link> links;
    hsize_t begin = 0;
    check(H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, &begin, collect_link, &links), "H5Literate",
          path);
    for (const Link& link : links) {
      const std::string below = (path == "/" ? "" : path) + "/" + link.name;
      if (!link.is_hard) throw Hdf5Error(below + ": a link to something elsewhere");
      look_at_object(below, depth);
    }
  }

  void look_at_object(const std::string& path, int depth) {
    H5O_info_t info;
    check(H5Oget_info_by_name2(file_.id(), path.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT),
          "H5Oget_info_by_name2", path);
    if (!met_.insert(info.addr).second) throw Hdf5Error(path + ": an object with several names");
    if (met_.size() > most_objects) throw Hdf5Error(path + ": too many objects");
    if (info.type == H5O_TYPE_GROUP) return look_at_group(path, depth + 1);
    if (info.type != H5O_TYPE_DATASET) throw Hdf5Error(path + ": neither a group nor a dataset");
    look_at_dataset(path);
  }

  void look_at_dataset(const std::string& path) {
    const DatasetHandle dataset(check(H5Dopen2(file_.id(), path.c_str(), H5P_DEFAULT), "H5Dopen2", path));
    const PropertyListHandle creation(check(H5Dget_create_plist(dataset.id()), "H5Dget_create_plist", path));
    if (H5Pget_layout(creation.id()) != H5D_CONTIGUOUS || H5Pget_external_count(creation.id()) != 0)
      throw Hdf5Error(path + ": its values do not lie one after the other in this file");
    const DatatypeHandle type(check(H5Dget_type(dataset.id()), "H5Dget_type", path));
    const DataspaceHandle space(check(H5Dget_space(dataset.id()), "H5Dget_space", path));
    const int dimensions = H5Sget_simple_extent_ndims(space.id());
    if (dimensions != 1 && dimensions != 2)
      throw Hdf5Error(fmt::format("{}: has {} dimensions, not one or two", path, dimensions));
    std::array<hsize_t, 2> extent{};
    check(herr_t{H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr)}, "H5Sget_simple_extent_dims",
          path);
    StoredDataset found{path, element_of_type(type.id(), path), {extent[0], {}}, H5Tget_size(type.id()), 0};
    if (dimensions == 2) found.shape.cols = extent[1];
    const haddr_t offset = H5Dget_offset(dataset.id());
    if (offset != HADDR_UNDEF) found.offset = offset;
    look_at_attributes(dataset.id(), path);
    contents_.datasets.push_back(std::move(found));
  }

  static herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  }

  void look_at_attributes(hid_t object, const std::string& path) {
    std::vector<std::string> names;
    check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names), "H5Aiterate2",
          path);
    for (const std::string& name : names)
      contents_.attributes.push_back({path, name, value_of(object, name)});
  }

  static AttributeValue value_of(hid_t object, const std::string& name) {
    const AttributeHandle attribute(check(H5Aopen(object, name.c_str(), H5P_DEFAULT), "H5Aopen", name));
    const DatatypeHandle type(check(H5Aget_type(attribute.id()), "H5Aget_type", name));
    const DataspaceHandle space(check(H5Aget_space(attribute.id()), "H5Aget_space", name));
    if (H5Sget_simple_extent_npoints(space.id()) != 1) throw Hdf5Error(name + ": not one value");
    const auto number = [&]<class T>(T value) {
      check(H5Aread(attribute.id(), memory_type(element_of<T>), &value), "H5Aread", name);
      return AttributeValue(value);
    };
    switch (element_of_type(type.id(), name)) {
      case Element::int64:
        return number(std::int64_t{});
      case Element::uint64:
        return number(std::uint64_t{});
      case Element::float64:
        return number(double{});
      case Element::text:
        break;
      default:
        throw Hdf5Error(name + ": a type that attributes of ours do not have");
    }
    const std::size_t length = H5Tget_size(type.id());
    if (length > largest_attribute) throw Hdf5Error(fmt::format("{}: {} bytes of text", name, length));
    std::string text(length, '\0');
    check(H5Aread(attribute.id(), type.id(), text.data()), "H5Aread", name);
    text.resize(text_length(text));
    return text;
  }

  FileHandle file_;
  std::set<haddr_t> met_;
  Contents contents_;
};

/// Whole, or not at all.
void send(int pipe, const std::string& answer) {
  for (std::size_t done = 0; done < answer.size();) {
    const ssize_t written = ::write(pipe, answer.data() + done, answer.size() - done);
    if (written < 0 && errno != EINTR) return;
    done += written < 0 ? 0 : static_cast<std::size_t>(written);
  }
}

/// The process that may crash. Never returns.
[[noreturn]] void examine_and_exit(const std::filesystem::path& path, int pipe) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGTERM})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::alarm(seconds_allowed);
  if (const int silence = ::open("/dev/null", O_WRONLY | O_CLOEXEC); silence >= 0)
    ::dup2(silence, STDERR_FILENO);  // what a crashing library has to say
  try {
    send(pipe, "contents " + to_text(Examiner(path).examine()));
  } catch (const std::exception& error) {
    send(pipe, std::string("error ") + error.what());
  }
  ::_exit(0);
}

std::string receive(int pipe) {
  std::string answer;
  std::array<char, 65536> buffer{};
  while (answer.size() <= longest_answer) {
    const ssize_t read = ::read(pipe, buffer.data(), buffer.size());
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(read));
  }
  return answer;
}

/// How the process ended, if not by itself.
std::string end_of(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return "";
  }
  if (!WIFSIGNALED(status)) return "";
  if (WTERMSIG(status) == SIGALRM)
    return fmt::format("HDF5 was not done with it after {} s", seconds_allowed);
  return fmt::format("HDF5 crashed on it ({})", ::strsignal(WTERMSIG(status)));
}

}  // namespace

Contents examine(const std::filesystem::path& path) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t process = ::fork();
  if (process < 0) {
    const int error = errno;
    ::close(pipe[0]);
    ::close(pipe[1]);
    throw std::system_error(error, std::generic_category(), "fork");
  }
  if (process == 0) examine_and_exit(path, pipe[1]);
  ::close(pipe[1]);
  const std::string answer = receive(pipe[0]);
  ::close(pipe[0]);
  const std::string end = end_of(process);
  if (!end.empty()) throw Hdf5Error(end);
  constexpr std::string_view good = "contents ";
  constexpr std::string_view bad = "error ";
  if (answer.starts_with(good)) return parse_contents(std::string_view(answer).substr(good.size()));
  throw Hdf5Error(answer.starts_with(bad) ? answer.substr(bad.size()) : "HDF5 gave no answer");
}

}  // namespace gemel::hdf5
