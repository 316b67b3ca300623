#include "checkpoint/background_write.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "base/quiet_thread.hpp"
#include "mpi/agreement.hpp"

namespace gemel::checkpoint {

BackgroundWrite::BackgroundWrite(std::unique_ptr<JointFile> file, const FileKind& kind, Ending ending,
                                 std::vector<OwnBlocks> blocks, mpi::Communicator& communicator)
    : kind_(kind),
      communicator_(&communicator),
      file_(std::move(file)),
      ending_(std::move(ending)),
      blocks_(std::move(blocks)) {
  if (communicator.is_root()) work([this](const std::stop_token&) { file_->create(ending_.file_bytes); });
}

void BackgroundWrite::work(std::function<void(const std::stop_token&)> action) {
  is_busy_ = true;
  thread_ = base::quiet_thread([this, action = std::move(action)](const std::stop_token& stop) {
    try {
      action(stop);
    } catch (...) {
      failure_ = std::current_exception();
    }
    is_busy_ = false;
  });
}

void BackgroundWrite::write_blocks(const std::stop_token& stop) {
  if (!communicator_->is_root()) file_->open();
  for (const OwnBlocks& blocks : blocks_) {
    if (stop.stop_requested()) return;
    blocks.write(file_->file(), sums_);
  }
  file_->finish_writing();
}

bool BackgroundWrite::advance() {
  if (thread_.joinable()) thread_.join();
  try {
    mpi::agree_on(*communicator_, failure_);
  } catch (const mpi::AgreedError& error) {
    phase_ = Phase::done;
    const std::filesystem::path path = file_->path();
    file_.reset();
    throw mpi::AgreedError(kind_.write_code, explain_unwritten(kind_, path, error.what()));
  }
  switch (phase_) {
    case Phase::create:
      phase_ = Phase::write;
      work([this](const std::stop_token& stop) { write_blocks(stop); });
      return false;
    case Phase::write: {
      phase_ = Phase::commit;
      const auto sums = communicator_->all_gather_varying(std::span<const PlacedSum>(sums_));
      if (!communicator_->is_root()) return false;
      work([this, sums](const std::stop_token&) {
        complete(ending_, sums);
        file_->commit(ending_.extents);
      });
      return false;
    }
    case Phase::commit:
      phase_ = Phase::done;
      return true;
    case Phase::done:
      break;
  }
  throw base::InternalError("checkpoint: this file has been written already");
}

void BackgroundWrite::finish() {
  do {
    wait_for_all();
  } while (!advance());
}

void BackgroundWrite::wait_for_all() {
  std::chrono::milliseconds nap(1);
  while (communicator_->max(std::int64_t{is_busy_ ? 1 : 0}) != 0) {
    std::this_thread::sleep_for(nap);
    nap = std::min(2 * nap, std::chrono::milliseconds(100));
  }
}

}  // namespace gemel::checkpoint
