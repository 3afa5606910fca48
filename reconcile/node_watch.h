// Waits for what others change on the node (ipvs/node_monitor.h) and tells the agent, which reads
// the kernel again at once: a node port answers at a new address without waiting for the next
// audit. Thread: io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "ipvs/node_monitor.h"

namespace reconcile {

class NodeWatch {
 public:
  // Between two calls of `changed` there is a moment, in which a burst of changes becomes one.
  NodeWatch(const boost::asio::any_io_executor& io, ipvs::NodeMonitor monitor,
            std::function<void()> changed);
  ~NodeWatch();  // the descriptor stays the monitor's

  // Returns after stop().
  boost::asio::awaitable<void> run();
  void stop();

 private:
  ipvs::NodeMonitor monitor_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer pause_;
  std::function<void()> changed_;
  bool stopping_ = false;
};

}  // namespace reconcile
