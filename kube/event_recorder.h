// Tells Kubernetes what happened, as Events (events.k8s.io/v1): `kubectl events` shows them beside
// the object they regard.
//
// Never in anybody's way: record() only puts down. The same Event is sent once in ten minutes, ten
// may come at once, and then one every six seconds; what is too much, or is refused, is dropped and
// counted. What regards a Node goes first: a flood about other objects keeps it from nobody. The
// name of an Event about an object in a namespace follows from what it says, so that of all nodes
// which say the same the first is heard, and the others are told that it is there already. Needs
// `create` of events, which Kubernetes' role system:node-proxier has. io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "kube/api_client.h"
#include "kube/clock.h"
#include "kube/event.h"

namespace kube {

class EventRecorder {
 public:
  struct Counts {
    std::uint64_t sent = 0;     // or there already, from another node
    std::uint64_t dropped = 0;  // too many, or refused by the server
  };

  // `instance`: who reports, the node's name.
  EventRecorder(const boost::asio::any_io_executor& executor, ClusterAccess access,
                std::string instance);

  void record(const Event& event);
  // Sends what is recorded, until stop(). Call once.
  [[nodiscard]] boost::asio::awaitable<void> run();
  void stop();

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Letter {
    std::string target;
    std::string body;
  };

  [[nodiscard]] bool told_lately(const std::string& key);
  [[nodiscard]] std::string name_for(const Event& event, std::chrono::system_clock::time_point now);
  [[nodiscard]] boost::asio::awaitable<void> wait(Clock::duration time);

  ApiClient client_;
  std::string instance_;
  Timer timer_;
  std::deque<Letter> letters_;
  std::map<std::string, Clock::time_point> told_;  // when the same was told last
  Clock::time_point full_at_{};                    // when ten may be sent at once again
  Counts counts_;
  std::uint64_t number_ = 0;
  bool stopped_ = false;
};

// The body of the request that creates it. `time` is of the wall clock, `name` unique.
[[nodiscard]] std::string event_json(const Event& event, const std::string& instance,
                                     const std::string& name,
                                     std::chrono::system_clock::time_point time);

}  // namespace kube
