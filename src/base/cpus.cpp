#include "gemel/base/cpus.hpp"

#include <sched.h>

#include <cstddef>

namespace gemel::base {

CpuSet allowed_cpus() {
  cpu_set_t kernels_set;
  CpuSet cpus;
  static_assert(CPU_SETSIZE == CpuSet().size());
  if (sched_getaffinity(0, sizeof(kernels_set), &kernels_set) != 0) return cpus;
  for (std::size_t cpu = 0; cpu < cpus.size(); ++cpu) cpus[cpu] = CPU_ISSET(cpu, &kernels_set);
  return cpus;
}

std::vector<bool> have_own_cpu(std::span<const CpuSet> allowed) {
  CpuSet taken;
  std::vector<bool> have;
  for (const CpuSet& cpus : allowed) {
    const CpuSet left = cpus & ~taken;
    have.push_back(cpus.none() || left.any());
    if (left.any()) taken.set(left._Find_first());
  }
  return have;
}

}  // namespace gemel::base
