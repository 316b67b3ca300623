#include "mpi/watchdog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <random>
#include <span>
#include <string_view>

#include "base/error.hpp"

namespace gemel::mpi {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Kind = SideChannel::Kind;
using Message = SideChannel::Message;

constexpr milliseconds between_looks{200};
constexpr milliseconds answer_time{1500};
constexpr std::size_t most_named = 8;  // ranks, in a message

std::atomic<std::int64_t> limit_seconds = Watchdog::usual_limit.count();

/// "step 12, in the exchange, in MPI_Waitall", as far as it is known.
std::string place_text(const base::Place::Report& place) {
  std::string text;
  const auto add = [&](std::string_view part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  if (place.activity[0] != '\0') add(place.activity.data());
  if (place.step > 0) add(fmt::format("step {}", place.step));
  if (place.phase[0] != '\0') add(fmt::format("phase {}", place.phase.data()));
  if (place.waits()) add(place.call.data());
  return text.empty() ? "at the start" : text;
}

double seconds_of(const Message& message) {
  return static_cast<double>(message.milliseconds) / 1000;
}

[[noreturn]] void end_process() {
  std::fflush(stderr);
  ::_exit(static_cast<int>(base::ExitCode::hung));
}

}  // namespace

std::string hang_text(const Message& mine, const std::vector<std::optional<Message>>& others,
                      const std::vector<std::string>& hosts) {
  std::vector<std::string> missing;
  std::vector<std::string> waiting;
  for (std::size_t rank = 0; rank < others.size(); ++rank) {
    if (static_cast<int>(rank) == mine.rank) continue;
    const std::string name = fmt::format("rank {} on {}", rank, hosts[rank]);
    const std::optional<Message>& answer = others[rank];
    if (!answer) {
      missing.push_back(name + " (does not answer: stopped, ended, or out of reach)");
    } else if (answer->place.waits()) {
      waiting.push_back(
          fmt::format("{} ({}, for {:.0f} s)", name, place_text(answer->place), seconds_of(*answer)));
    } else if (!answer->place.rests) {
      missing.push_back(
          fmt::format("{} (works: {}, for {:.0f} s)", name, place_text(answer->place), seconds_of(*answer)));
    }
  }
  std::string text = fmt::format("waited for {:.0f} s ({})", seconds_of(mine), place_text(mine.place));
  if (others.empty()) return text + " for other ranks, which are not known yet";
  std::vector<std::string>& named = missing.empty() ? waiting : missing;
  if (named.empty()) return text + " for ranks that have nothing to do";
  text += missing.empty() ? "; all ranks wait for each other: " : " for what has not come: ";
  for (std::size_t i = 0; i < std::min(named.size(), most_named); ++i) text += (i > 0 ? ", " : "") + named[i];
  if (named.size() > most_named) text += fmt::format(", and {} more", named.size() - most_named);
  return text;
}

Watchdog::Watchdog() : detector_(2 * between_looks) {
  limit_seconds = usual_limit.count();
  thread_ = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
}

void Watchdog::connect(Communicator& world) {
  rank_ = world.rank();
  size_ = world.size();
  std::uint64_t key = std::random_device()();
  key = key << 32 | std::random_device()();
  world.broadcast(std::span(&key, 1));
  channel_.connect(world.all_gather(channel_.address()), key);
  is_connected_ = true;
  if (size_ > 1) return;
  ends_ = true;  // there is nobody to wait for
  thread_.join();
}

void Watchdog::set_limit(std::chrono::seconds limit) {
  limit_seconds = limit.count();
}

void Watchdog::watch() {
  while (!ends_) {
    if (is_connected_) {
      if (const auto message = channel_.receive(between_looks)) heed(*message);
    } else {
      std::this_thread::sleep_for(between_looks);
    }
    detector_.look(base::Place::of_process().turns(), Clock::now());
    const std::chrono::seconds limit(limit_seconds);
    if (limit.count() > 0 && detector_.has_waited(limit)) end_if_others_wait();
  }
}

Message Watchdog::message(Kind kind) const {
  Message message;
  message.kind = kind;
  message.rank = rank_;
  message.milliseconds = std::chrono::duration_cast<milliseconds>(detector_.in_place()).count();
  message.place = base::Place::of_process().report();
  return message;
}

void Watchdog::heed(const Message& received) {
  if (received.kind == Kind::end) end_process();  // who sent it has told why
  if (received.kind == Kind::ask) channel_.reply(message(Kind::answer));
}

/// Asks every rank where it is, and waits for the answers. Where another rank does the same it is the first to speak, if it is lower.
std::vector<std::optional<Message>> Watchdog::call_roll() {
  std::vector<std::optional<Message>> answers(static_cast<std::size_t>(size_));
  const auto start = Clock::now();
  const auto speaks = start + answer_time + milliseconds(std::min(100 * rank_, 1000));
  auto asks = start;
  for (auto now = start; now < speaks; now = Clock::now()) {
    if (now >= asks) {
      for (int rank = 0; rank < size_; ++rank)
        if (rank != rank_ && !answers[static_cast<std::size_t>(rank)])
          channel_.send(rank, message(Kind::ask));
      asks = now + answer_time / 4;
    }
    const auto received = channel_.receive(milliseconds(50));
    if (!received) continue;
    heed(*received);
    if (received->kind == Kind::answer) answers[static_cast<std::size_t>(received->rank)] = received;
  }
  return answers;
}

void Watchdog::end_if_others_wait() {
  const std::uint64_t turns = base::Place::of_process().turns();
  std::vector<std::optional<Message>> answers;
  std::vector<std::string> hosts;
  if (is_connected_) {
    answers = call_roll();
    for (int rank = 0; rank < size_; ++rank) hosts.emplace_back(channel_.address_of(rank).host_name.data());
  }
  if (base::Place::of_process().turns() != turns) return;  // they came in the meantime
  fmt::print(stderr,
             "trainer: error on rank {}: {}. If they only take long, give a larger --hang-timeout than {} "
             "(0: none)\n",
             rank_, hang_text(message(Kind::ask), answers, hosts), limit_seconds.load());
  for (int time = 0; time < 3; ++time) {
    for (int rank = 0; is_connected_ && rank < size_; ++rank)
      if (rank != rank_) channel_.send(rank, message(Kind::end));
    std::this_thread::sleep_for(milliseconds(20));
  }
  end_process();
}

}  // namespace gemel::mpi
