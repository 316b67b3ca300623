#include "network.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <simgrid/s4u.hpp>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "exchange/tag.hpp"

namespace gemel::scaling {
namespace {

namespace s4u = simgrid::s4u;

constexpr int tags = exchange::tag::count;

// Of this rank: SimGrid gives every rank global variables of its own.
Network* network = nullptr;  // null: SimGrid's
Speeds speeds;
int rank = 0;
std::int64_t messages = 0;
double overhead = 0;  // not paid yet
double paid = 0;

/// When the processor has begun one more message.
double begin_message() {
  overhead += speeds.overhead;
  return now() + overhead;
}

}  // namespace

/// What is on its way to a node's card.
struct Network::Transit {
  double seconds;        ///< that a card takes for it
  double sent;           ///< when the last byte has left
  double arrival;        ///< when the first byte arrives
  double received = -1;  ///< when the last byte is in the receiver's memory, once that is known
};

/// One side of a message.
struct Network::Message {
  bool is_send;
  int node;
  std::byte* bytes;
  std::size_t size;
  std::shared_ptr<Transit> transit = nullptr;  ///< a receive has none before it has met its send
  bool met = false;
  bool awaited = false;
  Message* next = nullptr;
};

Network::Network(int nodes, const Speeds& speeds)
    : nodes_(nodes),
      speeds_(speeds),
      queues_(static_cast<std::size_t>(nodes) * static_cast<std::size_t>(nodes) * tags),
      cards_(static_cast<std::size_t>(nodes)) {}

Network::Queue& Network::queue(int from, int to, int tag) {
  base::require(tag >= 0 && tag < tags, "scaling: a message with an unknown tag");
  return queues_[static_cast<std::size_t>((to * nodes_ + from) * tags + tag)];
}

Network::Message* Network::send(const void* bytes, std::size_t size, int from, int to, int tag, double time) {
  const double seconds = static_cast<double>(size) / speeds_.bandwidth;
  Card& card = cards_[static_cast<std::size_t>(from)];
  const double start = std::max(time, card.sends_until);
  card.sends_until = start + seconds;
  auto* data = static_cast<std::byte*>(const_cast<void*>(bytes));
  auto* message = new Message{.is_send = true, .node = from, .bytes = data, .size = size};
  const double arrival = start + speeds_.latency;
  message->transit = std::make_shared<Transit>(Transit{seconds, card.sends_until, arrival});
  cards_[static_cast<std::size_t>(to)].arrivals.emplace(arrival, message->transit);
  post(message, queue(from, to, tag));
  return message;
}

Network::Message* Network::receive(void* bytes, std::size_t size, int from, int to, int tag) {
  auto* message =
      new Message{.is_send = false, .node = to, .bytes = static_cast<std::byte*>(bytes), .size = size};
  post(message, queue(from, to, tag));
  return message;
}

void Network::post(Message* message, Queue& queue) {
  Message* const first = queue.first;
  if (first != nullptr && first->is_send != message->is_send) {
    queue.first = first->next;
    meet(message->is_send ? *message : *first, message->is_send ? *first : *message);
    return;
  }
  (first == nullptr ? queue.first : queue.last->next) = message;
  queue.last = message;
  if (queue.prober != nullptr) static_cast<s4u::Actor*>(std::exchange(queue.prober, nullptr))->resume();
}

void Network::meet(Message& send, Message& receive) {
  base::require(send.size == receive.size, "scaling: a message of a size that was not expected");
  std::memcpy(receive.bytes, send.bytes, send.size);
  receive.transit = send.transit;
  for (Message* side : {&send, &receive}) {
    side->met = true;
    Card& card = cards_[static_cast<std::size_t>(side->node)];
    if (side->awaited && --card.awaited == 0) static_cast<s4u::Actor*>(card.sleeper)->resume();
  }
}

void Network::wait(int node, std::span<Message* const> messages) {
  Card& card = cards_[static_cast<std::size_t>(node)];
  await_other_sides(card, messages);
  double arrived = 0;
  for (const Message* message : messages) {
    if (!message->is_send) arrived = std::max(arrived, message->transit->arrival);
  }
  pass(arrived - now());  // now every message that arrives before then is known
  receive_until(card, arrived);
  double end = 0;
  for (const Message* message : messages) {
    end = std::max(end, message->is_send ? message->transit->sent : message->transit->received);
    delete message;
  }
  pass(end - now());
}

void Network::await_other_sides(Card& card, std::span<Message* const> messages) {
  for (Message* message : messages) {
    message->awaited = !message->met;
    card.awaited += message->met ? 0 : 1;
  }
  card.sleeper = s4u::Actor::self();
  if (card.awaited > 0) s4u::this_actor::suspend();
}

/// Lets a card receive what has arrived until `time`.
void Network::receive_until(Card& card, double time) {
  const auto end = card.arrivals.upper_bound(time);
  for (auto arrival = card.arrivals.begin(); arrival != end; ++arrival) {
    card.receives_until = std::max(card.receives_until, arrival->first) + arrival->second->seconds;
    arrival->second->received = card.receives_until;
  }
  card.arrivals.erase(card.arrivals.begin(), end);
}

std::size_t Network::probe(int from, int to, int tag) {
  Queue& messages = queue(from, to, tag);
  if (messages.first == nullptr) {
    messages.prober = s4u::Actor::self();
    s4u::this_actor::suspend();
  }
  const Message& message = *messages.first;
  pass(message.transit->arrival - now());
  return message.size;
}

void open_network(const Speeds& of_messages, bool flows, mpi::Communicator& communicator) {
  speeds = of_messages;
  rank = communicator.rank();
  if (flows) return;
  std::uintptr_t address = 0;
  if (communicator.is_root())
    address = reinterpret_cast<std::uintptr_t>(new Network(communicator.size(), speeds));
  communicator.broadcast(std::span(&address, 1), 0);
  network = reinterpret_cast<Network*>(address);
}

std::int64_t messages_sent() {
  return messages;
}

void pay_overhead() {
  pass(overhead);
  paid += overhead;
  overhead = 0;
}

double overhead_paid() {
  return paid;
}

double now() {
  return s4u::Engine::get_clock();
}

void pass(double seconds) {
  if (seconds > 0) s4u::this_actor::sleep_for(seconds);
}

}  // namespace gemel::scaling

// The linker puts these in the place of MPI's (--wrap in CMakeLists.txt).
extern "C" {

namespace scaling = gemel::scaling;

int __real_MPI_Isend(const void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);
int __real_MPI_Irecv(void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);
int __real_MPI_Recv(void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Status*);
int __real_MPI_Probe(int, int, MPI_Comm, MPI_Status*);

int __wrap_MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm communicator,
                     MPI_Request* request) {
  ++scaling::messages;
  const double time = scaling::begin_message();
  if (scaling::network == nullptr)
    return __real_MPI_Isend(bytes, count, type, to, tag, communicator, request);
  *request = reinterpret_cast<MPI_Request>(
      scaling::network->send(bytes, static_cast<std::size_t>(count), scaling::rank, to, tag, time));
  return MPI_SUCCESS;
}

int __wrap_MPI_Irecv(void* bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm communicator,
                     MPI_Request* request) {
  scaling::begin_message();
  if (scaling::network == nullptr)
    return __real_MPI_Irecv(bytes, count, type, from, tag, communicator, request);
  *request = reinterpret_cast<MPI_Request>(
      scaling::network->receive(bytes, static_cast<std::size_t>(count), from, scaling::rank, tag));
  return MPI_SUCCESS;
}

int __wrap_MPI_Probe(int from, int tag, MPI_Comm communicator, MPI_Status* status) {
  scaling::pay_overhead();
  if (scaling::network == nullptr) return __real_MPI_Probe(from, tag, communicator, status);
  status->count = static_cast<int>(scaling::network->probe(from, scaling::rank, tag));
  return MPI_SUCCESS;
}

int __wrap_MPI_Recv(void* bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm communicator,
                    MPI_Status* status) {
  scaling::begin_message();
  scaling::pay_overhead();
  if (scaling::network == nullptr)
    return __real_MPI_Recv(bytes, count, type, from, tag, communicator, status);
  scaling::Network::Message* const message =
      scaling::network->receive(bytes, static_cast<std::size_t>(count), from, scaling::rank, tag);
  scaling::network->wait(scaling::rank, std::span(&message, 1));
  return MPI_SUCCESS;
}

int __wrap_MPI_Waitall(int count, MPI_Request* requests, MPI_Status*) {
  scaling::pay_overhead();
  if (scaling::network == nullptr) {
    // One after the other: SimGrid's MPI_Waitall takes time in proportion to the square of their number.
    for (int i = 0; i < count; ++i) {
      if (const int status = MPI_Wait(requests + i, MPI_STATUS_IGNORE); status != MPI_SUCCESS) return status;
    }
    return MPI_SUCCESS;
  }
  std::vector<scaling::Network::Message*> messages;
  for (int i = 0; i < count; ++i) {
    messages.push_back(reinterpret_cast<scaling::Network::Message*>(requests[i]));
  }
  scaling::network->wait(scaling::rank, messages);
  return MPI_SUCCESS;
}
}
