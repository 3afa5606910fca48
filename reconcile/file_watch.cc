#include "reconcile/file_watch.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "kube/access.h"

namespace reconcile {

bool Settled::is_new(const std::string& read) {
  const bool settled = std::exchange(last_, read) == read;
  return settled && std::exchange(known_, read) != read;
}

FileWatch::FileWatch(const boost::asio::any_io_executor& io, std::string path, std::string known,
                     std::chrono::milliseconds period, std::function<void()> changed)
    : path_(std::move(path)),
      period_(period),
      changed_(std::move(changed)),
      timer_(io),
      settled_(std::move(known)) {}

boost::asio::awaitable<void> FileWatch::run() {
  while (!stopped_) {
    timer_.expires_after(period_);
    boost::system::error_code woken;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    if (stopped_) co_return;
    if (settled_.is_new(contents(path_))) changed_();
  }
}

void FileWatch::stop() {
  stopped_ = true;
  timer_.cancel();
}

std::string FileWatch::contents(const std::string& path) {
  auto text = kube::read_file(path);
  return text ? "=" + *std::move(text) : "!" + std::move(text.error());
}

}  // namespace reconcile
