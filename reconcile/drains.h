// Who drains, and until when. The kernel's table says that a real server drains (weight 0, not
// wanted); all there is to remember beside it is the deadline, and a restart may forget even that.
//
// The clock is the caller's: every function that needs the time takes it. Pure; one thread (io).
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <vector>

#include "ipvs/virtual_server.h"

namespace reconcile {

using TimePoint = std::chrono::steady_clock::time_point;

struct Drain {
  ipvs::VirtualServerId virtual_server;
  ipvs::RealServerId real_server;

  friend bool operator==(const Drain&, const Drain&) = default;
  friend std::strong_ordering operator<=>(const Drain&, const Drain&) = default;
};

class Drains {
 public:
  // `grace`: how long connections may outlive their endpoint. A connection whose peer vanished
  // without a FIN stays ESTABLISHED for 15 minutes in the kernel, so there has to be an end.
  explicit Drains(std::chrono::milliseconds grace) : grace_(grace) {}

  // Sets the list of drains; those already known keep their deadline, the rest get now + grace.
  void replace(const std::vector<Drain>& drains, TimePoint now);
  void add(const Drain& drain, TimePoint now);
  void end(const Drain& drain) { deadlines_.erase(drain); }
  // The virtual server is gone, and its drains with it.
  void end_all(const ipvs::VirtualServerId& id);

  // False for an unknown drain.
  [[nodiscard]] bool is_overdue(const Drain& drain, TimePoint now) const;
  // The virtual servers with a drain, each once: what has to be read again.
  [[nodiscard]] std::vector<ipvs::VirtualServerId> virtual_servers() const;
  [[nodiscard]] const std::map<Drain, TimePoint>& deadlines() const { return deadlines_; }
  [[nodiscard]] bool empty() const { return deadlines_.empty(); }
  [[nodiscard]] std::size_t size() const { return deadlines_.size(); }

 private:
  std::chrono::milliseconds grace_;
  std::map<Drain, TimePoint> deadlines_;
};

}  // namespace reconcile
