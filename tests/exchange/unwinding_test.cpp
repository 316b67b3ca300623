#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "exchange/candidate_exchange.hpp"
#include "exchange/candidate_gather.hpp"
#include "exchange/dense_exchange.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"
#include "replaced/replaced_calls.hpp"

namespace gemel::exchange {
namespace {

constexpr std::size_t dim = 8;

/// Each rank is one lane.
struct UnwindingTest : testing::Test {
  mpi::Communicator world = mpi::Communicator::world();
  int ranks = world.size();
  LaneLayout layout{ranks, ranks, world.rank()};
  std::size_t columns = static_cast<std::size_t>(ranks) * DistinctCandidates::granule;

  /// `start` begins an exchange, which this rank then destroys; the last rank begins it only a while after the others.
  template <class Exchange>
  void expect_no_write_to_what_is_gone(std::unique_ptr<Exchange> exchange,
                                       const std::function<void(Exchange&)>& start) {
    world.barrier();
    if (world.rank() == ranks - 1) std::this_thread::sleep_for(std::chrono::milliseconds(30));
    start(*exchange);
    test::keep_deleted_memory();
    exchange.reset();
    world.barrier();
    EXPECT_EQ(test::free_deleted_memory(), 0);
  }
};

TEST_F(UnwindingTest, TheReplacedCallsSeeAWriteToDeletedMemory) {
  auto values = std::make_unique<std::vector<float>>(100, 1.0F);
  volatile auto address =
      reinterpret_cast<std::uintptr_t>(values->data());  // the compiler would warn of a pointer
  test::keep_deleted_memory();
  values.reset();
  *reinterpret_cast<float*>(address) = 2;
  EXPECT_EQ(test::free_deleted_memory(), 1);
}

TEST_F(UnwindingTest, CandidatesAreWaitedFor) {
  const std::vector<std::int32_t> items(50, world.rank());
  expect_no_write_to_what_is_gone<CandidateGather>(
      std::make_unique<CandidateGather>(layout, world, 100),
      [&](CandidateGather& gather) { gather.start(items, 50 * ranks, 0); });
}

TEST_F(UnwindingTest, VectorsAndTheirGradientsAreWaitedFor) {
  const auto make = [&] {
    auto exchange = std::make_unique<CandidateExchange>(layout, world, dim);
    exchange->begin(columns);
    std::ranges::fill(exchange->vectors().flat(), 1.0F);
    std::ranges::fill(exchange->gradients().flat(), 1.0F);
    return exchange;
  };
  expect_no_write_to_what_is_gone<CandidateExchange>(make(), [](CandidateExchange& it) { it.start_share(); });
  expect_no_write_to_what_is_gone<CandidateExchange>(make(),
                                                     [](CandidateExchange& it) { it.start_reduce(); });
}

TEST_F(UnwindingTest, DenseGradientsAreWaitedFor) {
  tensor::Matrix gradient(1, columns);
  std::ranges::fill(gradient.view().flat(), 1.0F);
  for (const bool doubles : {false, true}) {
    if (doubles && !std::has_single_bit(static_cast<unsigned>(ranks))) continue;
    const auto make = [&] { return std::make_unique<DenseExchange>(layout, world, columns, doubles); };
    expect_no_write_to_what_is_gone<DenseExchange>(make(),
                                                   [&](DenseExchange& it) { it.start(gradient.view()); });
    expect_no_write_to_what_is_gone<DenseExchange>(make(), [&](DenseExchange& it) {
      it.start(gradient.view());
      it.advance();
    });
  }
}

TEST_F(UnwindingTest, RowsAreWaitedFor) {
  const std::vector<RowTable> tables = {{{64, ranks}, dim}};
  RowRequest request(world, tables, layout.subtree_counts);
  request.start([](std::size_t, std::size_t, std::vector<std::int64_t>& rows) {
    for (std::int64_t row = 0; row < 64; ++row) rows.push_back(row);
  });
  request.finish();
  tensor::Matrix held(static_cast<std::size_t>(tables[0].blocks.block(world.rank()).size()), dim);
  std::ranges::fill(held.view().flat(), 1.0F);
  const std::vector<tensor::ConstMatrixView> views = {held.view()};
  expect_no_write_to_what_is_gone<RowFetch>(std::make_unique<RowFetch>(world),
                                            [&](RowFetch& fetch) { fetch.start(request, views); });
}

}  // namespace
}  // namespace gemel::exchange
