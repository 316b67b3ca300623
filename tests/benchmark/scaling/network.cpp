#include "network.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <simgrid/s4u.hpp>
#include <span>

#include "gemel/base/error.hpp"

namespace gemel::scaling {
namespace {

namespace s4u = simgrid::s4u;

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

/// One side of a message.
struct Network::Message {
  bool is_send;
  int node;
  std::byte* bytes;
  std::size_t size;
  double time;  ///< when it begins; once both sides have met, when it has been sent, or begins to arrive
  bool met = false;
  bool awaited = false;
  Message* next = nullptr;
};

Network::Network(int nodes, const Speeds& speeds)
    : nodes_(nodes),
      speeds_(speeds),
      queues_(static_cast<std::size_t>(nodes) * static_cast<std::size_t>(nodes)),
      cards_(static_cast<std::size_t>(nodes)) {}

/// That a card takes for a message.
double Network::seconds_of(const Message& message) const {
  return static_cast<double>(message.size) / speeds_.bandwidth;
}

Network::Message* Network::send(const void* bytes, std::size_t size, int from, int to, double time) {
  Card& card = cards_[static_cast<std::size_t>(from)];
  const double start = std::max(time, card.sends_until);
  auto* data = static_cast<std::byte*>(const_cast<void*>(bytes));
  auto* message = new Message{true, from, data, size, start};
  card.sends_until = start + seconds_of(*message);
  return post(message, queues_[static_cast<std::size_t>(to * nodes_ + from)]);
}

Network::Message* Network::receive(void* bytes, std::size_t size, int from, int to, double time) {
  return post(new Message{false, to, static_cast<std::byte*>(bytes), size, time},
              queues_[static_cast<std::size_t>(to * nodes_ + from)]);
}

Network::Message* Network::post(Message* message, Queue& queue) {
  Message* const first = queue.first;
  if (first != nullptr && first->is_send != message->is_send) {
    queue.first = first->next;
    meet(message->is_send ? *message : *first, message->is_send ? *first : *message);
  } else {
    (first == nullptr ? queue.first : queue.last->next) = message;
    queue.last = message;
  }
  return message;
}

void Network::meet(Message& send, Message& receive) {
  base::require(send.size == receive.size, "scaling: a message of a size that was not expected");
  std::memcpy(receive.bytes, send.bytes, send.size);
  const double start = send.time;
  end(send, start + seconds_of(send));
  end(receive, std::max(receive.time, start + speeds_.latency));
}

void Network::end(Message& message, double time) {
  message.met = true;
  message.time = time;
  Card& card = cards_[static_cast<std::size_t>(message.node)];
  if (message.awaited && --card.awaited == 0) static_cast<s4u::Actor*>(card.sleeper)->resume();
}

void Network::wait(int node, std::vector<Message*> messages) {
  Card& card = cards_[static_cast<std::size_t>(node)];
  for (Message* message : messages) {
    message->awaited = !message->met;
    card.awaited += message->met ? 0 : 1;
  }
  card.sleeper = s4u::Actor::self();
  if (card.awaited > 0) s4u::this_actor::suspend();
  std::ranges::sort(messages, {}, [](const Message* message) { return message->time; });
  double sent = 0;
  double received = 0;
  for (const Message* message : messages) {
    if (message->is_send) {
      sent = message->time;
    } else {
      received = std::max(received, message->time) + seconds_of(*message);
    }
    delete message;
  }
  pass(std::max(sent, received) - now());
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

using gemel::scaling::Network;

int __real_MPI_Isend(const void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);
int __real_MPI_Irecv(void*, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request*);

int __wrap_MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm communicator,
                     MPI_Request* request) {
  namespace scaling = gemel::scaling;
  ++scaling::messages;
  const double time = scaling::begin_message();
  if (scaling::network == nullptr)
    return __real_MPI_Isend(bytes, count, type, to, tag, communicator, request);
  *request = reinterpret_cast<MPI_Request>(
      scaling::network->send(bytes, static_cast<std::size_t>(count), scaling::rank, to, time));
  return MPI_SUCCESS;
}

int __wrap_MPI_Irecv(void* bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm communicator,
                     MPI_Request* request) {
  namespace scaling = gemel::scaling;
  const double time = scaling::begin_message();
  if (scaling::network == nullptr)
    return __real_MPI_Irecv(bytes, count, type, from, tag, communicator, request);
  *request = reinterpret_cast<MPI_Request>(
      scaling::network->receive(bytes, static_cast<std::size_t>(count), from, scaling::rank, time));
  return MPI_SUCCESS;
}

int __wrap_MPI_Waitall(int count, MPI_Request* requests, MPI_Status*) {
  namespace scaling = gemel::scaling;
  scaling::pay_overhead();
  if (scaling::network == nullptr) {
    // One after the other: SimGrid's MPI_Waitall takes time in proportion to the square of their number.
    for (int i = 0; i < count; ++i) {
      if (const int status = MPI_Wait(requests + i, MPI_STATUS_IGNORE); status != MPI_SUCCESS) return status;
    }
    return MPI_SUCCESS;
  }
  std::vector<Network::Message*> messages;
  for (int i = 0; i < count; ++i) messages.push_back(reinterpret_cast<Network::Message*>(requests[i]));
  scaling::network->wait(scaling::rank, messages);
  return MPI_SUCCESS;
}
}
