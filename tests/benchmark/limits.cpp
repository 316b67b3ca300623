#include "benchmark/limits.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>

#include "tensor/aligned_vector.hpp"

namespace gemel::benchmarks {
namespace {

/// How often a second `work` can be done: the best of several rounds, each long enough for the clock.
template <class Work>
double best_rate(const Work& work) {
  constexpr int rounds = 7;
  constexpr double round_seconds = 2e-3;
  work();
  double best = 0;
  std::int64_t repetitions = 1;
  for (int round = 0; round < rounds;) {
    const double start = cpu_seconds();
    for (std::int64_t i = 0; i < repetitions; ++i) work();
    const double seconds = cpu_seconds() - start;
    if (seconds < round_seconds) {
      repetitions *= 2;
      continue;
    }
    best = std::max(best, static_cast<double>(repetitions) / seconds);
    ++round;
  }
  return best;
}

constexpr int chains = 10;  // more than the latency of an operation times the units that can begin one
constexpr int links = 10000;

/// value = value * factor + addend in every element of every chain; all of them stay in registers.
template <class Vector>
[[gnu::always_inline]] inline void multiply_add(float factor, float addend) {
  Vector values[chains];
  for (int chain = 0; chain < chains; ++chain) values[chain] = Vector{} + static_cast<float>(chain);
  for (int link = 0; link < links; ++link) {
#pragma GCC unroll 10
    for (int chain = 0; chain < chains; ++chain) values[chain] = values[chain] * factor + addend;
  }
  for (Vector& value : values) benchmark::DoNotOptimize(value);
}

template <std::size_t bytes>
struct VectorOf {
  using type [[gnu::vector_size(bytes)]] = float;
};

void multiply_add_narrow(float factor, float addend) {
  multiply_add<VectorOf<16>::type>(factor, addend);
}

struct Loop {
  void (*run)(float, float);
  std::size_t width;  // floats of a vector
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target("arch=x86-64-v3"))) void multiply_add_v3(float factor, float addend) {
  multiply_add<VectorOf<32>::type>(factor, addend);
}
__attribute__((target("arch=x86-64-v4,prefer-vector-width=512"))) void multiply_add_v4(float factor,
                                                                                       float addend) {
  multiply_add<VectorOf<64>::type>(factor, addend);
}

Loop widest_loop() {
  if (__builtin_cpu_supports("x86-64-v4")) return {multiply_add_v4, 16};
  if (__builtin_cpu_supports("x86-64-v3")) return {multiply_add_v3, 8};
  return {multiply_add_narrow, 4};
}
#else
Loop widest_loop() {
  return {multiply_add_narrow, 4};
}
#endif

double measure_copy(std::size_t bytes) {
  tensor::AlignedVector<char> from(bytes, 'x');
  tensor::AlignedVector<char> to(bytes, 'y');
  const double rate = best_rate([&] {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  });
  return 2.0 * static_cast<double>(bytes) * rate;
}

void limit_peak(benchmark::State& state) {
  const Loop loop = widest_loop();
  float factor = 0.999F;
  float addend = 0.001F;
  benchmark::DoNotOptimize(factor);
  benchmark::DoNotOptimize(addend);
  const double seconds = seconds_of(state, [&] { loop.run(factor, addend); });
  report_operations(state, seconds, 2.0 * chains * links * static_cast<double>(loop.width));
}
BENCHMARK(limit_peak)->Name("limit/fused_multiply_add");

void limit_copy(benchmark::State& state) {
  const auto working_set = static_cast<std::size_t>(state.range(0));
  tensor::AlignedVector<char> from(working_set / 2, 'x');
  tensor::AlignedVector<char> to(working_set / 2, 'y');
  const double seconds = seconds_of(state, [&] {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  });
  report_bytes(state, seconds, static_cast<double>(working_set), working_set);
}
BENCHMARK(limit_copy)->Name("limit/copy")->Arg(32 << 10)->Arg(256 << 10)->Arg(4 << 20)->Arg(256 << 20);

}  // namespace

double measure_peak() {
  const Loop loop = widest_loop();
  float factor = 0.999F;
  float addend = 0.001F;
  benchmark::DoNotOptimize(factor);
  benchmark::DoNotOptimize(addend);
  const double operations = 2.0 * chains * links * static_cast<double>(loop.width);
  return operations * best_rate([&] { loop.run(factor, addend); });
}

double measure_read() {
  constexpr std::size_t words = std::size_t{256} << 17;  // of 8 bytes: 256 MB
  static const tensor::AlignedVector<std::uint64_t> memory(words, 1);
  const double rate = best_rate([] {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : memory) sum += word;
    benchmark::DoNotOptimize(sum);
  });
  return static_cast<double>(words * sizeof(std::uint64_t)) * rate;
}

double peak_operations() {
  static const double peak = measure_peak();
  return peak;
}

double copy_rate(std::size_t working_set) {
  static std::map<std::size_t, double> rates;
  constexpr std::size_t page = 4096;
  const std::size_t bytes = (working_set / 2 + page - 1) / page * page;
  const auto known = rates.find(bytes);
  if (known != rates.end()) return known->second;
  return rates[bytes] = measure_copy(bytes);
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void report_operations(benchmark::State& state, double seconds, double operations) {
  const double rate = operations / seconds;
  state.counters["GFLOP/s"] = rate * 1e-9;
  state.counters["of_peak"] = rate / peak_operations();
}

void report_bytes(benchmark::State& state, double seconds, double bytes, std::size_t working_set) {
  const double rate = bytes / seconds;
  state.counters["GB/s"] = rate * 1e-9;
  state.counters["of_copy"] = rate / copy_rate(working_set);
}

}  // namespace gemel::benchmarks
