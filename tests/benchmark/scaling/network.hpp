#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::scaling {

/// What messages cost, as in the LogGP model of networks.
struct Speeds {
  double latency = 0;    ///< seconds from node to node
  double overhead = 0;   ///< seconds that a processor takes to begin a send, or a receive
  double bandwidth = 0;  ///< bytes a second that a node's card sends, and as many that it receives
};

/// Moves what ranks give MPI's functions for messages, in simulated time. A node's card sends one message after the other, in the order
/// in which they were begun, and receives one after the other, in the order in which they arrive. SimGrid's own network, which
/// lets all messages share all links at any time, takes hours for hundreds of nodes; this one takes seconds. All ranks are in one
/// process, where SimGrid runs one at a time, so that they can share it.
class Network {
 public:
  struct Message;

  Network(int nodes, const Speeds& speeds);

  /// Begins a message, or to receive one, `time` being when the processor has come to that.
  Message* send(const void* bytes, std::size_t size, int from, int to, int tag, double time);
  Message* receive(void* bytes, std::size_t size, int from, int to, int tag);
  /// Waits for messages of `node`, and ends them.
  void wait(int node, std::span<Message* const> messages);
  /// Waits for the next message that nobody has begun to receive, and returns its size.
  std::size_t probe(int from, int to, int tag);

 private:
  struct Transit;
  /// Messages of one sender, receiver and tag whose other side has not come: all of them sent, or all to be received.
  struct Queue {
    Message* first = nullptr;
    Message* last = nullptr;
    void* prober = nullptr;  ///< who sleeps until there is a message
  };
  struct Card {
    double sends_until = 0;
    double receives_until = 0;
    std::multimap<double, std::shared_ptr<Transit>> arrivals;  ///< by their times, until received
    std::size_t awaited = 0;  ///< messages whose other side has to come before the node goes on
    void* sleeper = nullptr;
  };

  Queue& queue(int from, int to, int tag);
  void post(Message* message, Queue& queue);
  void meet(Message& send, Message& receive);
  void await_other_sides(Card& card, std::span<Message* const> messages);
  void receive_until(Card& card, double time);

  int nodes_;
  Speeds speeds_;
  std::vector<Queue> queues_;  // [to][from][tag]
  std::vector<Card> cards_;
};

/// From now on this rank's messages take a network that all ranks share or, when `flows`, SimGrid's own. Collective.
void open_network(const Speeds& speeds, bool flows, mpi::Communicator& communicator);

/// Messages that this rank has sent so far.
std::int64_t messages_sent();

/// Lets the time pass that the processor took for the messages which it has begun since the last call.
void pay_overhead();
/// Seconds of that so far.
double overhead_paid();

/// Simulated time, in seconds.
double now();
void pass(double seconds);

}  // namespace gemel::scaling
