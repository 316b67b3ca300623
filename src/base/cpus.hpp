#pragma once

#include <bitset>
#include <span>
#include <vector>

namespace gemel::base {

/// CPUs of a machine (hardware threads), by the kernel's numbers.
using CpuSet = std::bitset<1024>;

/// The CPUs on which this process may run, or none when the kernel does not tell, as on machines with more than fit a CpuSet.
CpuSet allowed_cpus();

/// How many CPUs' time the processes of this container may use together, rounded up; no less than 1, and the largest int where there
/// is no such limit (Linux's control groups, version 2).
int cpu_quota();

/// Which of several processes on one machine, each of which may run on allowed[p], can have a CPU to themselves, `quota` at most:
/// as many as possible, the first ones first. A process of which nothing is known counts as one that can.
std::vector<bool> have_own_cpu(std::span<const CpuSet> allowed, int quota);

}  // namespace gemel::base
