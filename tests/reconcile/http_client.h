// A blocking HTTP client for the tests of our servers, and the thread that such a server runs on.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <string>
#include <thread>

namespace http_client {

namespace asio = boost::asio;

// Runs an io_context until destroyed; run() does something on its thread and waits.
class IoThread {
 public:
  IoThread() : work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  ~IoThread() {
    work_.reset();
    io_.stop();
    thread_.join();
  }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  asio::io_context::executor_type executor() { return io_.get_executor(); }

  template <class Work>
  auto run(Work work) {
    std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
    asio::post(io_, [&task] { task(); });
    return task.get_future().get();
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

// Everything until the server closes; empty if it closes at once.
template <class Socket>
std::string read_all(Socket& socket) {
  std::string text;
  boost::system::error_code closed;
  asio::read(socket, asio::dynamic_buffer(text), closed);
  return text;
}

// Sends `request` as it is and returns the whole answer.
template <class Protocol>
std::string exchange(const typename Protocol::endpoint& server, const std::string& request) {
  asio::io_context io;
  typename Protocol::socket socket(io);
  socket.connect(server);
  asio::write(socket, asio::buffer(request));
  return read_all(socket);
}

inline std::string get(const asio::ip::tcp::endpoint& server, const std::string& path) {
  return exchange<asio::ip::tcp>(server, "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
}

}  // namespace http_client
