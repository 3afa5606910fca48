// The conversations by which a Feed is brought up to date and kept so: the whole state, a watch, a
// look whether the server still has the history that we followed. What to try next, and when, is
// the Reflector's to decide. io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "kube/api_client.h"
#include "kube/clock.h"
#include "kube/object_feed.h"
#include "kube/resource.h"
#include "kube/watch_statistics.h"

namespace kube {

struct ListWatchOptions {
  std::size_t page_size = 500;
  bool watch_list = true;  // try the streaming list first
  // How long a server that has no streaming lists is not asked for one again.
  std::chrono::minutes watch_list_again = std::chrono::hours(1);
  Brake brake = Brake::kOn;
  std::chrono::seconds watch_minimum = std::chrono::seconds(300);
  std::chrono::seconds watch_maximum = std::chrono::seconds(600);
  Duration watch_grace = std::chrono::seconds(30);  // for the server to end a watch that is over
  // Bookmarks come every minute: a watch without a word for longer is replaced.
  Duration watch_silence = std::chrono::seconds(75);
  // The whole state is read again at some moment between these, whatever the watch says.
  std::chrono::minutes reread_minimum = std::chrono::minutes(30);
  std::chrono::minutes reread_maximum = std::chrono::minutes(60);
  Deadlines deadlines;
  std::uint64_t seed = std::random_device{}();  // of all jitter
};

class ListWatch {
 public:
  ListWatch(const boost::asio::any_io_executor& executor, ClusterAccess access, Resource resource,
            std::unique_ptr<Feed> feed, const ListWatchOptions& options);

  // The whole state, read consistently and delivered. As a stream where the server offers it: then
  // the watch goes on in the same answer, and this returns when that ends. Else in pages.
  // kBrake: the list waits for a second one.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> get_state();
  // What happens from feed().version() on, until the watch ends or the state is due to be read
  // anew.
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> watch();
  // Whether the server knows what we know.
  [[nodiscard]] boost::asio::awaitable<ApiResult<History>> look();

  void count_failure();
  // The next list is believed, whatever it takes away.
  void release_brake() { brake_released_ = true; }

  [[nodiscard]] ApiClient& client() { return client_; }
  [[nodiscard]] Feed& feed() { return *feed_; }
  [[nodiscard]] const Resource& resource() const { return resource_; }
  [[nodiscard]] const WatchStatistics& statistics() const { return statistics_; }
  // In [0, 1).
  [[nodiscard]] double jitter();

  // Something has come that shows that list and watch work: an event, or a watch that lasted.
  [[nodiscard]] bool fruitful() const { return fruitful_; }
  // What was tried last has come as far as a watch.
  [[nodiscard]] bool watched() const { return watched_; }
  [[nodiscard]] bool reread_due() const { return Clock::now() >= reread_at_; }

 private:
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> list();
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::string>> list_page(std::string token);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_body();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> stream_list(std::chrono::seconds timeout);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_initial_events();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_watch(std::chrono::seconds timeout);
  void begin_attempt();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_events(Clock::time_point end);
  [[nodiscard]] ApiResult<void> deliver();
  [[nodiscard]] ApiResult<void> judged(const WatchProgress& progress);
  [[nodiscard]] std::chrono::seconds watch_timeout();
  void note(const WatchProgress& progress);
  void take_counts();
  template <class Decode>
  auto timed(Decode decode);

  Resource resource_;
  std::unique_ptr<Feed> feed_;
  ListWatchOptions options_;
  ApiClient client_;
  std::mt19937_64 random_;
  WatchStatistics statistics_;
  Clock::time_point paged_until_{};  // the server has no streaming lists, as far as we know
  Clock::time_point reread_at_ = Clock::time_point::max();
  Clock::time_point list_begin_{};
  bool brake_released_ = false;
  bool watched_ = false;
  bool fruitful_ = false;
};

}  // namespace kube
