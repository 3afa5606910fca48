#include "kube/reflector.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace kube {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

tl::unexpected<ApiError> failed(ApiError::Kind kind, std::string detail) {
  return tl::unexpected(ApiError{.kind = kind, .detail = std::move(detail), .status = {}});
}

bool is_gone(const ApiError& error) {
  return error.kind == ApiError::Kind::kStatus && is_gone(error.status);
}

bool is_unauthorized(const ApiError& error) {
  return error.kind == ApiError::Kind::kStatus && error.status.code == 401;
}

}  // namespace

Reflector::Reflector(const asio::any_io_executor& executor, ClusterAccess access, Resource resource,
                     std::unique_ptr<Feed> feed, const ReflectorOptions& options)
    : options_(options),
      list_watch_(executor, std::move(access), std::move(resource), std::move(feed),
                  options.list_watch),
      pause_(executor),
      retry_(options.retry) {}

awaitable<void> Reflector::run() {
  while (!stopped_) {
    const auto result = co_await attempt();
    if (stopped_) break;
    if (!result) report(result.error());
    co_await pause(pause_after(result));
  }
}

void Reflector::stop() {
  stopped_ = true;
  pause_.cancel();
  list_watch_.client().close();
}

void Reflector::release_brake() {
  if (!list_watch_.statistics().braking) return;
  list_watch_.release_brake();
  pause_.cancel();
}

// The one place where exceptions end: whatever fails below is one failed attempt.
awaitable<ApiResult<void>> Reflector::attempt() {
  std::string why;
  try {
    auto result = co_await try_once();
    co_return result;
  } catch (const std::exception& error) {
    why = error.what();
  }
  co_return failed(ApiError::Kind::kProtocol, why);
}

awaitable<ApiResult<void>> Reflector::try_once() {
  if (outage_) {
    auto connected = co_await reconnect();
    if (!connected) co_return connected;
  }
  const Feed& feed = list_watch_.feed();
  if (suspect_ && !feed.version().empty()) {
    auto compared = co_await make_sure_of_history();
    if (!compared) co_return compared;
  }
  suspect_ = false;
  // Two awaits in one expression make g++ 12 destroy their result twice.
  if (feed.version().empty() || list_watch_.reread_due()) {
    auto read = co_await list_watch_.get_state();
    co_return read;
  }
  auto watched = co_await list_watch_.watch();
  co_return watched;
}

awaitable<ApiResult<void>> Reflector::reconnect() {
  auto connected = co_await list_watch_.client().connect();
  if (!connected) co_return connected;
  outage_ = false;
  co_await pause(
      std::chrono::duration_cast<Duration>(options_.outage_window * list_watch_.jitter()));
  co_return connected;
}

// A server that has been away may have come back with an older state (a restored etcd), whose
// resource versions may since have overtaken ours.
awaitable<ApiResult<void>> Reflector::make_sure_of_history() {
  const auto history = co_await list_watch_.look();
  if (!history) co_return tl::unexpected(history.error());
  if (*history != History::kSame) list_watch_.feed().forget_version();
  if (*history == History::kRewound) {
    co_return failed(ApiError::Kind::kProtocol,
                     "the server's history has gone back: it is read again as a whole");
  }
  co_return ApiResult<void>();
}

awaitable<void> Reflector::pause(Duration time) {
  if (stopped_ || time == Duration::zero()) co_return;
  pause_.expires_after(time);
  co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Reflector::report(const ApiError& error) {
  list_watch_.count_failure();
  list_watch_.client().disconnect();
  outage_ = is_unreachable(error.kind);
  Feed& feed = list_watch_.feed();
  if (is_gone(error) || error.status.version_too_large) feed.forget_version();
  suspect_ = error.status.code != 429;
  // That the history has run out is ordinary once, and trouble when the new list has not helped.
  if (is_gone(error) && !listed_in_vain_) return;
  if (error.kind == ApiError::Kind::kBrake && options_.on_brake) options_.on_brake(error.detail);
  const bool listing = feed.version().empty() && !list_watch_.watched();
  feed.troubled(trouble_of(error, listing ? "list" : "watch", list_watch_.resource(),
                           list_watch_.client().access().url()));
}

// Failures wait longer each time; a watch that has brought something forgets them. A list does not:
// lists that work and watches that fail must not take turns without a pause.
Duration Reflector::pause_after(const ApiResult<void>& result) {
  if (list_watch_.fruitful()) {
    retry_.succeeded();
    listed_in_vain_ = false;
    renewed_in_vain_ = false;
  }
  if (!result) return pause_after_failure(result.error());
  if (!list_watch_.watched() || list_watch_.fruitful()) return Duration::zero();
  return retry_.after({.kind = ApiError::Kind::kProtocol}, Clock::now(), list_watch_.jitter());
}

Duration Reflector::pause_after_failure(const ApiError& error) {
  if (error.kind == ApiError::Kind::kBrake) {
    return spread_above(options_.brake_pause, list_watch_.jitter());
  }
  if (is_gone(error) && !std::exchange(listed_in_vain_, true)) return Duration::zero();
  if (is_unauthorized(error) && list_watch_.client().credentials_renewed() &&
      !std::exchange(renewed_in_vain_, true)) {
    return Duration::zero();
  }
  return retry_.after(error, Clock::now(), list_watch_.jitter());
}

}  // namespace kube
