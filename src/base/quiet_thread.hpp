#pragma once

#include <functional>
#include <thread>

namespace gemel::base {

/// Starts a thread that no signal interrupts: those that ask the run to stop are for the thread that trains.
std::jthread quiet_thread(std::function<void(const std::stop_token&)> action);

}  // namespace gemel::base
