#include "hdf5/file.hpp"

#include <algorithm>
#include <utility>

#include "hdf5/error.hpp"
#include "hdf5/handle.hpp"
#include "mpi/environment.hpp"

namespace gemel::hdf5 {
namespace {

// Small structures are kept together in pieces of this size, so that a flush writes few of them.
constexpr hsize_t metadata_block_bytes = 16 * 1024;

// Through MPI-IO. Only a rank alone may come without MPI: HDF5's ordinary driver, which lays files out a little otherwise, is for it then.
PropertyListHandle access_of(const mpi::Communicator& communicator) {
  PropertyListHandle access(check(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate"));
  const bool is_alone = communicator.handle() == MPI_COMM_NULL;
  if (!is_alone || mpi::Environment::is_running()) {
    const MPI_Comm ranks = is_alone ? MPI_COMM_SELF : communicator.handle();
    check(H5Pset_fapl_mpio(access.id(), ranks, MPI_INFO_NULL), "H5Pset_fapl_mpio");
    check(H5Pset_coll_metadata_write(access.id(), true), "H5Pset_coll_metadata_write");
    check(H5Pset_all_coll_metadata_ops(access.id(), true), "H5Pset_all_coll_metadata_ops");
  }
  check(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), "H5Pset_fclose_degree");
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), "H5Pset_libver_bounds");
  check(H5Pset_meta_block_size(access.id(), metadata_block_bytes), "H5Pset_meta_block_size");
  return access;
}

// Creation properties of the given class that leave out times.
PropertyListHandle creation_without_times(hid_t property_class) {
  PropertyListHandle creation(check(H5Pcreate(property_class), "H5Pcreate"));
  check(H5Pset_obj_track_times(creation.id(), false), "H5Pset_obj_track_times");
  return creation;
}

herr_t collect_dataset(hid_t, const char* name, const H5O_info_t* info, void* paths) {
  if (info->type == H5O_TYPE_DATASET)
    static_cast<std::vector<std::string>*>(paths)->emplace_back("/").append(name);
  return 0;
}

}  // namespace

std::string library_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  check(H5get_libversion(&major, &minor, &release), "H5get_libversion");
  return "HDF5 " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

bool is_hdf5(const std::filesystem::path& path) {
  silence_error_printing();
  return check(herr_t{H5Fis_hdf5(path.c_str())}, "H5Fis_hdf5", path.string()) > 0;
}

File File::create(const std::filesystem::path& path, mpi::Communicator& communicator) {
  silence_error_printing();
  const auto creation = creation_without_times(H5P_FILE_CREATE);
  const auto access = access_of(communicator);
  return {
      check(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "H5Fcreate", path.string()),
      communicator};
}

File File::open_read(const std::filesystem::path& path, mpi::Communicator& communicator) {
  silence_error_printing();
  const auto access = access_of(communicator);
  return {check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), "H5Fopen", path.string()), communicator};
}

File::File(File&& other) noexcept
    : id_(std::exchange(other.id_, H5I_INVALID_HID)), communicator_(other.communicator_) {}

File& File::operator=(File&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(communicator_, other.communicator_);
  return *this;
}

File::~File() {
  if (is_open() && communicator_->size() == 1) H5Fclose(id_);
}

void File::flush() {
  check(H5Fflush(id_, H5F_SCOPE_LOCAL), "H5Fflush");
}

std::optional<std::uint64_t> File::end() const {
  if (mpi::Environment::is_running()) return std::nullopt;
  hsize_t bytes = 0;
  check(H5Fget_filesize(id_, &bytes), "H5Fget_filesize");
  return bytes;
}

void File::close() {
  if (is_open()) check(H5Fclose(std::exchange(id_, H5I_INVALID_HID)), "H5Fclose");
}

bool File::has(const std::string& path) const {
  // HDF5 looks up one link only when those above it exist.
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (check(herr_t{H5Lexists(id_, part.c_str(), H5P_DEFAULT)}, "H5Lexists", part) == 0) return false;
    if (end == std::string::npos) break;
  }
  return true;
}

void File::create_groups(const std::string& path) {
  const auto creation = creation_without_times(H5P_GROUP_CREATE);
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (check(herr_t{H5Lexists(id_, part.c_str(), H5P_DEFAULT)}, "H5Lexists", part) == 0) {
      GroupHandle(
          check(H5Gcreate2(id_, part.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), "H5Gcreate2", part));
    }
    if (end == std::string::npos) break;
  }
}

std::vector<std::string> File::dataset_paths() const {
  std::vector<std::string> paths;
  check(H5Ovisit2(id_, H5_INDEX_NAME, H5_ITER_INC, collect_dataset, &paths, H5O_INFO_BASIC), "H5Ovisit2");
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace gemel::hdf5
