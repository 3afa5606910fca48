// Keeps one Listener told of one kind of object, for ever: list, watch, and again.
//
//   kube::Reflector services(io.get_executor(), access, kube::all_services(), service_listener);
//   asio::co_spawn(io, services.run(), on_end);
//
// The whole state, consistent, then a watch from its version; a clean end of the watch is followed
// by another from the last version; 410 by a new list; any failure by a `troubled` with what, why
// and what to do, a pause, and another try, which first makes sure that the server still has the
// history that we followed. `settled` also says that the watch is current: it comes after each
// list, when a watch begins, and after each chunk with events or bookmarks. Nothing but stop() or
// the executor's end ends run(). Thread: the executor's one thread (io thread).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "kube/clock.h"
#include "kube/list_watch.h"
#include "kube/listener.h"
#include "kube/resource.h"
#include "kube/retry_policy.h"
#include "kube/watch_statistics.h"

namespace kube {

struct ReflectorOptions {
  RetryOptions retry;
  // After an outage the first request waits for a moment in this window, so that the agents of a
  // cluster do not ask all at once. Up to a few hundred nodes the default will do.
  Duration outage_window = std::chrono::milliseconds(500);
  Duration brake_pause = std::chrono::seconds(2);  // at least, between a list and the second one
  // A list is held: what it would take away, for a person. May be null.
  std::function<void(const std::string& loss)> on_brake = nullptr;
  ListWatchOptions list_watch;
};

class Reflector {
 public:
  // The listener must outlive the reflector, and the reflector the end of run().
  template <class T>
  Reflector(const boost::asio::any_io_executor& executor, ClusterAccess access, Resource resource,
            Listener<T>& listener, const ReflectorOptions& options = {})
      : Reflector(executor, std::move(access), std::move(resource),
                  std::make_unique<ObjectFeed<T>>(listener), options) {}

  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Call once.
  [[nodiscard]] boost::asio::awaitable<void> run();
  // Makes run() return soon. From the executor's thread.
  void stop();

  // The operator's word that the list which the brake holds is right: it is read once more, at
  // once, and believed. Without a list that waits, nothing happens. From the executor's thread.
  void release_brake();

  // Kept current; as long as the reflector lives. From the executor's thread.
  [[nodiscard]] const WatchStatistics& statistics() const { return list_watch_.statistics(); }

 private:
  Reflector(const boost::asio::any_io_executor& executor, ClusterAccess access, Resource resource,
            std::unique_ptr<Feed> feed, const ReflectorOptions& options);

  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> attempt();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> try_once();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> reconnect();
  [[nodiscard]] boost::asio::awaitable<ApiResult<void>> make_sure_of_history();
  [[nodiscard]] boost::asio::awaitable<void> pause(Duration time);
  [[nodiscard]] Duration pause_after(const ApiResult<void>& result);
  [[nodiscard]] Duration pause_after_failure(const ApiError& error);
  void report(const ApiError& error);

  ReflectorOptions options_;
  ListWatch list_watch_;
  Timer pause_;
  RetryPolicy retry_;
  bool outage_ = false;           // nobody answered the last time
  bool suspect_ = false;          // the history has not been compared since the last failure
  bool listed_in_vain_ = false;   // the history was gone, and no watch has brought anything since
  bool renewed_in_vain_ = false;  // credentials were renewed after a 401, and refused as well
  bool stopped_ = false;
};

}  // namespace kube
