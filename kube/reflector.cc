#include "kube/reflector.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace kube {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;

namespace {

tl::unexpected<ApiError> failed(ApiError::Kind kind, std::string detail) {
  return tl::unexpected(ApiError{.kind = kind, .detail = std::move(detail), .status = {}});
}

tl::unexpected<ApiError> not_understood(const DecodeError& error) {
  const std::string id = error.id.name.empty() ? "" : to_string(error.id) + ": ";
  return failed(ApiError::Kind::kProtocol, id + to_string(error));
}

Duration since(Clock::time_point begin) {
  return std::chrono::duration_cast<Duration>(Clock::now() - begin);
}

const char* verb_of(Reflector::Step step) {
  return step == Reflector::Step::kList ? "list" : "watch";
}

bool is_gone(const ApiError& error) {
  return error.kind == ApiError::Kind::kStatus && is_gone(error.status);
}

}  // namespace

Reflector::Reflector(const asio::any_io_executor& executor, ClusterAccess access, Resource resource,
                     std::unique_ptr<Feed> feed, ReflectorOptions options)
    : resource_(std::move(resource)),
      feed_(std::move(feed)),
      options_(options),
      client_(executor, std::move(access), options.deadlines),
      pause_(executor),
      backoff_(options.backoff_initial, options.backoff_cap),
      random_(options.seed) {}

awaitable<void> Reflector::run() {
  while (!stopped_) {
    const Step step = feed_->version().empty() ? Step::kList : Step::kWatch;
    fruitful_ = false;
    const auto result = co_await attempt(step);
    if (stopped_) break;
    if (!result) report(result.error(), step);
    const Duration pause = pause_after(result, step);
    if (pause == Duration::zero()) continue;
    pause_.expires_after(pause);
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Reflector::stop() {
  stopped_ = true;
  pause_.cancel();
  client_.close();
}

// The one place where exceptions end: whatever fails below is one failed attempt.
awaitable<ApiResult<void>> Reflector::attempt(Step step) {
  std::string why;
  try {
    if (step == Step::kList) {
      auto listed = co_await get_state();
      co_return listed;
    }
    auto watched = co_await watch();
    co_return watched;
  } catch (const std::exception& error) {
    why = error.what();
  }
  co_return failed(ApiError::Kind::kProtocol, why);
}

// How the whole state is got. Only the paged list yet; streaming lists (WatchList) would be tried
// first, here, and what the server offers remembered.
awaitable<ApiResult<void>> Reflector::get_state() {
  auto listed = co_await list();
  co_return listed;
}

awaitable<ApiResult<void>> Reflector::list() {
  feed_->begin_list();
  std::string token;
  do {
    auto next = co_await list_page(token);
    if (!next) co_return tl::unexpected(std::move(next.error()));
    token = std::move(*next);
  } while (!token.empty());
  feed_->deliver_list();
  co_return ApiResult<void>();
}

awaitable<ApiResult<std::string>> Reflector::list_page(std::string token) {
  std::string target = list_target(resource_, options_.page_size, token);
  auto head = co_await client_.get(std::move(target));
  if (!head) co_return tl::unexpected(std::move(head.error()));
  while (true) {
    const auto piece = co_await client_.read(options_.deadlines.body);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) break;
    if (auto taken = feed_->list_bytes(*piece); !taken) co_return not_understood(taken.error());
  }
  auto next = feed_->end_page();
  if (!next) co_return not_understood(next.error());
  co_return std::move(*next);
}

awaitable<ApiResult<void>> Reflector::watch() {
  const auto window = options_.watch_maximum - options_.watch_minimum;
  const auto timeout =
      options_.watch_minimum + std::chrono::duration_cast<std::chrono::seconds>(window * jitter());
  std::string target = watch_target(resource_, feed_->version(), timeout);
  const auto begin = Clock::now();
  auto head = co_await client_.get(std::move(target));
  if (!head) co_return head;
  feed_->begin_watch();
  auto ended = co_await read_watch(timeout + options_.watch_grace);
  fruitful_ = fruitful_ || since(begin) >= options_.short_watch;
  co_return ended;
}

awaitable<ApiResult<void>> Reflector::read_watch(Duration time) {
  const auto begin = Clock::now();
  while (true) {
    const Duration left = time - since(begin);
    if (left <= Duration::zero()) {
      co_return failed(ApiError::Kind::kTimeout, "the server does not end a watch that is over");
    }
    const auto piece = co_await client_.read(left);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) co_return ApiResult<void>();
    const WatchProgress progress = feed_->watch_bytes(*piece);
    fruitful_ = fruitful_ || progress.events > 0;
    if (auto verdict = judged(progress); !verdict) co_return verdict;
  }
}

ApiResult<void> Reflector::judged(const WatchProgress& progress) {
  switch (progress.state) {
    case WatchProgress::State::kGood:
      return {};
    case WatchProgress::State::kGarbage:
      return failed(ApiError::Kind::kProtocol, "what the server sends is no watch");
    case WatchProgress::State::kRewound:
      feed_->forget_version();
      return failed(ApiError::Kind::kProtocol,
                    "the server's history has gone back: it is read again as a whole");
    case WatchProgress::State::kError:
      break;
  }
  // After an error inside of the stream nothing says what was missed, unless the server only asks
  // for patience.
  if (progress.status.code != 429) feed_->forget_version();
  return tl::unexpected(
      ApiError{.kind = ApiError::Kind::kStatus, .detail = {}, .status = progress.status});
}

void Reflector::report(const ApiError& error, Step step) {
  client_.disconnect();  // a new connection reads the credentials again
  if (is_gone(error) || error.status.version_too_large) feed_->forget_version();
  // That the history has run out is ordinary once, and trouble when the new list has not helped.
  if (is_gone(error) && !listed_in_vain_) return;
  feed_->troubled(trouble_of(error, verb_of(step), resource_, client_.access().url()));
}

// Failures wait longer each time; a watch that has brought something forgets them. A list does not:
// lists that work and watches that fail must not take turns without a pause.
Duration Reflector::pause_after(const ApiResult<void>& result, Step step) {
  if (result && step == Step::kList) return Duration::zero();
  if (fruitful_) {
    backoff_.reset();
    listed_in_vain_ = false;
    if (result) return Duration::zero();
  }
  if (!result && result.error().kind == ApiError::Kind::kRefused) {
    return spread(options_.refused_pause, jitter());
  }
  const Duration wait = backoff_.next(jitter());
  if (result) return wait;
  if (is_gone(result.error()) && !std::exchange(listed_in_vain_, true)) return Duration::zero();
  return std::max<Duration>(wait,
                            result.error().status.retry_after.value_or(std::chrono::seconds(0)));
}

double Reflector::jitter() { return std::uniform_real_distribution<double>(0, 1)(random_); }

}  // namespace kube
