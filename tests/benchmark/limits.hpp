#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

/// What the processor can do at best, as far as programs can tell, and kernels' figures as fractions of that.
/// Times are those that the process had a core for, so that who else uses the machine matters less.
namespace gemel::benchmarks {

/// Floating-point operations a second of one core: independent chains of fused multiply-adds (where there are
/// none, of multiplications and additions) of the widest vectors that the processor has, without any memory.
/// Measured when first asked for.
double peak_operations();

/// Bytes a second, read and written ones, of a memcpy between two buffers that have `working_set` bytes together,
/// rounded up to whole pages. Measured when first asked for each size.
double copy_rate(std::size_t working_set);

/// The same as peak_operations(), measured at every call. Threads may do so at the same time.
double measure_peak();

/// Bytes a second that are read from memory, of which there is more than any cache holds. Measured at every call, also by several
/// threads at the same time.
double measure_read();

/// Time that this thread has had a core for.
double cpu_seconds();

/// Does the benchmark's work once, so that what is made once is there, and then as often as it is asked to. Returns
/// the seconds of one time.
template <class Work>
double seconds_of(benchmark::State& state, const Work& work) {
  work();
  const double start = cpu_seconds();
  for (auto _ : state) work();
  return (cpu_seconds() - start) / static_cast<double>(state.iterations());
}

/// Reports what one iteration does as counters "GFLOP/s" and "of_peak".
void report_operations(benchmark::State& state, double seconds, double operations);

/// Reports the bytes that one iteration reads and writes, and the size of the memory that it goes through, as
/// counters "GB/s" and "of_copy".
void report_bytes(benchmark::State& state, double seconds, double bytes, std::size_t working_set);

}  // namespace gemel::benchmarks
