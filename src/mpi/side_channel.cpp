#include "mpi/side_channel.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

namespace gemel::mpi {
namespace {

sockaddr_in socket_address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = host;
  address.sin_port = port;
  return address;
}

/// Of this machine, that of the machine alone last: ranks of one machine have that in common.
std::array<std::uint32_t, 4> own_hosts() {
  std::array<std::uint32_t, 4> hosts{};
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return hosts;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::size_t count = 0;
  for (const ifaddrs* one = list; one != nullptr && count + 1 < hosts.size(); one = one->ifa_next) {
    const bool is_up = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || !is_up) continue;
    hosts[count++] = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr.s_addr;
  }
  hosts[count] = htonl(INADDR_LOOPBACK);
  return hosts;
}

}  // namespace

SideChannel::SideChannel() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (socket_ < 0) return;
  sockaddr_in address = socket_address(htonl(INADDR_ANY), 0);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket_, generic, length) != 0 || ::getsockname(socket_, generic, &length) != 0) return;
  own_.port = address.sin_port;
  own_.hosts = own_hosts();
  ::gethostname(own_.host_name.data(), own_.host_name.size() - 1);
}

SideChannel::~SideChannel() {
  if (socket_ >= 0) ::close(socket_);
}

void SideChannel::connect(std::vector<Address> ranks, std::uint64_t key) {
  ranks_ = std::move(ranks);
  key_ = key;
}

void SideChannel::send(int rank, Message message) const {
  message.key = key_;
  const Address& to = address_of(rank);
  for (const std::uint32_t host : to.hosts) {
    if (host == 0 || to.port == 0) continue;
    // Another machine's own address is this machine's.
    if (host == htonl(INADDR_LOOPBACK) && to.host_name != own_.host_name) continue;
    const sockaddr_in address = socket_address(host, to.port);
    ::sendto(socket_, &message, sizeof(message), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
             sizeof(address));
  }
}

void SideChannel::reply(Message message) const {
  message.key = key_;
  ::sendto(socket_, &message, sizeof(message), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&sender_),
           sizeof(sender_));
}

std::optional<SideChannel::Message> SideChannel::receive(std::chrono::milliseconds patience) {
  if (socket_ < 0) {
    std::this_thread::sleep_for(patience);
    return std::nullopt;
  }
  pollfd waited{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&waited, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  Message message;
  socklen_t length = sizeof(sender_);
  const auto bytes =
      ::recvfrom(socket_, &message, sizeof(message), 0, reinterpret_cast<sockaddr*>(&sender_), &length);
  const bool is_ours = bytes == static_cast<ssize_t>(sizeof(message)) && !ranks_.empty() &&
                       message.key == key_ && message.rank >= 0 &&
                       static_cast<std::size_t>(message.rank) < ranks_.size();
  return is_ours ? std::optional(message) : std::nullopt;
}

}  // namespace gemel::mpi
