#pragma once

#include <netinet/in.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/place.hpp"

namespace gemel::mpi {

/// Messages between the watchdogs of a job's ranks, which work when MPI does not: datagrams (UDP, IPv4), which may be lost. Those that do
/// not have the job's key are not heard.
class SideChannel {
 public:
  /// Where a rank can be reached: addresses in network byte order, 0 where there are fewer.
  struct Address {
    std::array<std::uint32_t, 4> hosts{};
    std::uint16_t port = 0;  // in network byte order
    std::array<char, 64> host_name{};
  };

  enum class Kind : std::int32_t {
    ask,     ///< where the rank is
    answer,  ///< to that
    end,     ///< the process, with `code`
  };
  struct Message {
    std::uint64_t key = 0;
    Kind kind = Kind::ask;
    std::int32_t rank = 0;  ///< of the sender
    std::int32_t code = 0;
    std::int64_t milliseconds = 0;  ///< for which the sender has been in its place
    base::Place::Report place;
  };

  /// Opens a socket. Where there is none to be had, nothing is ever sent or received.
  SideChannel();
  ~SideChannel();
  SideChannel(const SideChannel&) = delete;
  SideChannel& operator=(const SideChannel&) = delete;

  const Address& address() const { return own_; }
  /// Those of all ranks, and a key that nobody else knows. Before that nothing is sent or received.
  void connect(std::vector<Address> ranks, std::uint64_t key);

  /// Sends to a rank, at each of its addresses.
  void send(int rank, Message message) const;
  /// Sends to who sent the last message that was received.
  void reply(Message message) const;
  /// The next message, if one comes in time.
  std::optional<Message> receive(std::chrono::milliseconds patience);

  const Address& address_of(int rank) const { return ranks_[static_cast<std::size_t>(rank)]; }

 private:
  int socket_ = -1;
  Address own_;
  std::vector<Address> ranks_;
  std::uint64_t key_ = 0;
  sockaddr_in sender_{};
};

}  // namespace gemel::mpi
