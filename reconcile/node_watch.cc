#include "reconcile/node_watch.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace reconcile {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 200ms;

}  // namespace

NodeWatch::NodeWatch(const boost::asio::any_io_executor& io, ipvs::NodeMonitor monitor,
                     std::function<void()> changed)
    : monitor_(std::move(monitor)),
      descriptor_(io, monitor_.descriptor()),
      pause_(io),
      changed_(std::move(changed)) {}

NodeWatch::~NodeWatch() { descriptor_.release(); }

boost::asio::awaitable<void> NodeWatch::run() {
  boost::system::error_code error;
  const auto noting_errors = [&error] {
    return boost::asio::redirect_error(boost::asio::use_awaitable, error);
  };
  while (!stopping_) {
    co_await descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                    noting_errors());
    if (error || stopping_) co_return;
    if (!monitor_.read().any()) continue;
    changed_();
    pause_.expires_after(kPause);
    co_await pause_.async_wait(noting_errors());
  }
}

void NodeWatch::stop() {
  stopping_ = true;
  descriptor_.cancel();
  pause_.cancel();
}

}  // namespace reconcile
