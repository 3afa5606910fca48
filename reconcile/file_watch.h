// Notices that a file has other contents, whichever way they came: written in place, renamed over,
// or by the symbolic links of a ConfigMap's volume. It is read every few seconds: it is small, and
// no way of changing it is missed. New contents count when they are read twice, so that nobody is
// told of what is only half written. Thread: io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace reconcile {

// Contents that were read again and again.
class Settled {
 public:
  explicit Settled(std::string known) : known_(std::move(known)) {}

  // True if `read` is new, and was there the last time, too; then it is known.
  [[nodiscard]] bool is_new(const std::string& read);

 private:
  std::string known_;
  std::string last_;
};

class FileWatch {
 public:
  // What to compare with; of a file that cannot be read: why.
  [[nodiscard]] static std::string contents(const std::string& path);

  // `known` are the contents that were taken into account, so nobody may change them unnoticed in
  // between. `changed` is also called when the file cannot be read any more, once, and when it can
  // again.
  FileWatch(const boost::asio::any_io_executor& io, std::string path, std::string known,
            std::chrono::milliseconds period, std::function<void()> changed);

  // Until stop().
  [[nodiscard]] boost::asio::awaitable<void> run();
  void stop();

 private:
  std::string path_;
  std::chrono::milliseconds period_;
  std::function<void()> changed_;
  boost::asio::steady_timer timer_;
  Settled settled_;
  bool stopped_ = false;
};

}  // namespace reconcile
