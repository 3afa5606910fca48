// Closes a socket when its time is up. io thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "kube/clock.h"

namespace kube {

class Deadline {
 public:
  // The socket must live as long.
  explicit Deadline(boost::asio::ip::tcp::socket& socket)
      : timer_(socket.get_executor()), state_(std::make_shared<State>(&socket)) {}
  ~Deadline() { state_->socket = nullptr; }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // From now; takes the place of the deadline before it. clear(): what was bounded has ended.
  void set(Clock::duration time) {
    timer_.expires_after(time);
    state_->missed = false;
    const unsigned turn = ++state_->turn;
    timer_.async_wait([state = state_, turn](const boost::system::error_code& error) {
      // A wait that was due already when the deadline was moved says no error.
      if (error || state->turn != turn || state->socket == nullptr) return;
      state->missed = true;
      boost::system::error_code ignored;
      state->socket->close(ignored);
    });
  }
  void clear() {
    ++state_->turn;
    timer_.cancel();
  }
  // The socket was closed here, since the last set().
  [[nodiscard]] bool missed() const { return state_->missed; }

 private:
  struct State {
    explicit State(boost::asio::ip::tcp::socket* closed) : socket(closed) {}
    boost::asio::ip::tcp::socket* socket;
    unsigned turn = 0;
    bool missed = false;
  };

  Timer timer_;
  std::shared_ptr<State> state_;
};

}  // namespace kube
