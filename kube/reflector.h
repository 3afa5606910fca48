// Keeps one Listener told of one kind of object, for ever: list, watch, and again.
//
//   kube::Reflector services(io.get_executor(), access, kube::all_services(), service_listener);
//   asio::co_spawn(io, services.run(), on_end);
//
// A consistent list in pages, then a watch from its version; a clean end of the watch is followed
// by another from the last version; 410 by a new list; any failure by a `troubled` with what, why
// and what to do, a pause, and another try. `settled` also says that the watch is current: it comes
// after each list, when a watch begins, and after each chunk with events or bookmarks. Nothing but
// stop() or the executor's end ends run(). Thread: the executor's one thread (io thread).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>

#include "kube/api_client.h"
#include "kube/backoff.h"
#include "kube/listener.h"
#include "kube/object_feed.h"
#include "kube/resource.h"
#include "kube/watch_statistics.h"

namespace kube {

struct ReflectorOptions {
  std::size_t page_size = 500;
  Duration backoff_initial = std::chrono::milliseconds(800);
  Duration backoff_cap = std::chrono::seconds(30);
  Duration refused_pause = std::chrono::seconds(1);  // ± 50 %, while nobody listens there
  Duration short_watch = std::chrono::seconds(1);    // a watch that ends sooner, empty, has failed
  std::chrono::seconds watch_minimum = std::chrono::seconds(300);
  std::chrono::seconds watch_maximum = std::chrono::seconds(600);
  Duration watch_grace = std::chrono::seconds(30);  // for the server to end a watch that is over
  Deadlines deadlines;
  std::uint64_t seed = std::random_device{}();  // of all jitter
};

class Reflector {
 public:
  // The listener must outlive the reflector, and the reflector the end of run().
  template <class T>
  Reflector(const boost::asio::any_io_executor& executor, ClusterAccess access, Resource resource,
            Listener<T>& listener, ReflectorOptions options = {})
      : Reflector(executor, std::move(access), std::move(resource),
                  std::make_unique<ObjectFeed<T>>(listener), options) {}

  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Call once.
  [[nodiscard]] boost::asio::awaitable<void> run();
  // Makes run() return soon. From the executor's thread.
  void stop();

  // From the executor's thread; changes with every step.
  [[nodiscard]] const WatchStatistics& statistics() const { return statistics_; }

  // What one attempt tries.
  enum class Step : std::uint8_t { kList, kWatch };

 private:
  Reflector(const boost::asio::any_io_executor& executor, ClusterAccess access, Resource resource,
            std::unique_ptr<Feed> feed, ReflectorOptions options);

  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> get_state();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> list();
  [[nodiscard]] boost::asio::awaitable<ApiResult<std::string>> list_page(std::string token);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> watch();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> read_watch(Duration time);
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> attempt(Step step);
  [[nodiscard]] Duration pause_after(const ApiResult<void>& result, Step step);
  void report(const ApiError& error, Step step);
  [[nodiscard]] ApiResult<void> judged(const WatchProgress& progress);
  [[nodiscard]] double jitter();

  Resource resource_;
  std::unique_ptr<Feed> feed_;
  ReflectorOptions options_;
  ApiClient client_;
  boost::asio::steady_timer pause_;
  Backoff backoff_;
  std::mt19937_64 random_;
  WatchStatistics statistics_;
  bool fruitful_ = false;        // the last attempt has brought something before it ended
  bool listed_in_vain_ = false;  // the history was gone, and no watch has brought anything since
  bool stopped_ = false;
};

}  // namespace kube
