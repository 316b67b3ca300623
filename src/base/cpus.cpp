#include "base/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>

namespace gemel::base {
namespace {

/// CPUs and the processes that have them.
class Assignment {
 public:
  explicit Assignment(std::span<const CpuSet> allowed) : allowed_(allowed) {}

  /// Gives a process a CPU, for which others may have to take another one. False when there is none for it.
  bool add(std::size_t process) {
    CpuSet tried;
    return find_cpu(process, tried);
  }

 private:
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

  bool find_cpu(std::size_t process, CpuSet& tried) {
    for (std::size_t cpu = 0; cpu < tried.size(); ++cpu) {
      if (!allowed_[process][cpu] || tried[cpu]) continue;
      tried.set(cpu);
      if (owners_[cpu] != nobody && !find_cpu(owners_[cpu], tried)) continue;
      owners_[cpu] = process;
      return true;
    }
    return false;
  }

  std::span<const CpuSet> allowed_;
  std::vector<std::size_t> owners_ = std::vector<std::size_t>(CpuSet().size(), nobody);
};

}  // namespace

CpuSet allowed_cpus() {
  cpu_set_t kernels_set;
  CpuSet cpus;
  static_assert(CPU_SETSIZE == CpuSet().size());
  if (sched_getaffinity(0, sizeof(kernels_set), &kernels_set) != 0) return cpus;
  for (std::size_t cpu = 0; cpu < cpus.size(); ++cpu) cpus[cpu] = CPU_ISSET(cpu, &kernels_set);
  return cpus;
}

int cpu_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double microseconds = 0;
  double period = 0;
  if (!(file >> microseconds >> period) || period <= 0) return std::numeric_limits<int>::max();  // "max"
  return std::max(1, static_cast<int>(std::min(std::ceil(microseconds / period), 1e6)));
}

std::vector<bool> have_own_cpu(std::span<const CpuSet> allowed, int quota) {
  Assignment assignment(allowed);
  std::vector<bool> have;
  for (std::size_t process = 0; process < allowed.size(); ++process) {
    const bool has = quota > 0 && (allowed[process].none() || assignment.add(process));
    have.push_back(has);
    quota -= has ? 1 : 0;
  }
  return have;
}

}  // namespace gemel::base
