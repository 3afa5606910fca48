#include "kube/list_watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace kube {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// A watch that ends sooner, and empty, has failed.
constexpr Duration kShortWatch = std::chrono::seconds(1);

tl::unexpected<ApiError> failed(ApiError::Kind kind, std::string detail) {
  return tl::unexpected(ApiError{.kind = kind, .detail = std::move(detail), .status = {}});
}

tl::unexpected<ApiError> not_understood(const DecodeError& error) {
  const std::string id = error.id.name.empty() ? "" : to_string(error.id) + ": ";
  return failed(ApiError::Kind::kProtocol, id + to_string(error));
}

// An answer that only a server without streaming lists gives to the request for one.
bool knows_no_watch_list(const ApiError& error) {
  if (error.kind != ApiError::Kind::kStatus) return false;
  const unsigned code = error.status.code;
  return code == 400 || code == 405 || code == 415 || code == 422;
}

Duration until(Clock::time_point end) { return std::chrono::ceil<Duration>(end - Clock::now()); }

}  // namespace

ListWatch::ListWatch(const asio::any_io_executor& executor, ClusterAccess access, Resource resource,
                     std::unique_ptr<Feed> feed, const ListWatchOptions& options)
    : resource_(std::move(resource)),
      feed_(std::move(feed)),
      options_(options),
      client_(executor, std::move(access), options.deadlines),
      random_(options.seed) {}

template <class Decode>
auto ListWatch::timed(Decode decode) {
  const auto begin = Clock::now();
  auto result = decode();
  statistics_.last_list_decode += Clock::now() - begin;
  return result;
}

void ListWatch::begin_attempt() {
  statistics_.watch_since.reset();
  watched_ = false;
  fruitful_ = false;
}

awaitable<ApiResult<void>> ListWatch::get_state() {
  begin_attempt();
  list_begin_ = Clock::now();
  statistics_.last_list_decode = {};
  if (options_.watch_list && Clock::now() >= paged_until_) {
    auto streamed = co_await stream_list(watch_timeout());
    // What stopped the stream may have been told apart as "this server has none".
    if (streamed || Clock::now() >= paged_until_) co_return streamed;
  }
  auto listed = co_await list();
  co_return listed;
}

awaitable<ApiResult<void>> ListWatch::list() {
  feed_->begin_list();
  std::string token;
  do {
    auto next = co_await list_page(token);
    if (!next) co_return tl::unexpected(std::move(next.error()));
    token = std::move(*next);
  } while (!token.empty());
  co_return deliver();
}

awaitable<ApiResult<std::string>> ListWatch::list_page(std::string token) {
  std::string target = list_target(resource_, options_.page_size, token);
  auto head = co_await client_.get(std::move(target), ApiClient::Encoding::kGzip);
  if (!head) co_return tl::unexpected(std::move(head.error()));
  auto body = co_await read_body();
  if (!body) co_return tl::unexpected(std::move(body.error()));
  auto next = feed_->end_page();
  if (!next) co_return not_understood(next.error());
  co_return std::move(*next);
}

awaitable<ApiResult<void>> ListWatch::read_body() {
  const auto end = Clock::now() + options_.deadlines.list;
  while (Clock::now() < end) {
    const auto piece = co_await client_.read(options_.deadlines.body);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) co_return ApiResult<void>();
    auto taken = timed([&] { return feed_->list_bytes(*piece); });
    if (!taken) co_return not_understood(taken.error());
  }
  co_return failed(ApiError::Kind::kTimeout, "the list comes too slowly");
}

awaitable<ApiResult<void>> ListWatch::stream_list(std::chrono::seconds timeout) {
  std::string target = watch_list_target(resource_, timeout);
  auto head = co_await client_.get(std::move(target), ApiClient::Encoding::kGzip);
  if (!head && !knows_no_watch_list(head.error())) co_return head;
  auto listed = head;
  if (head) {
    feed_->begin_initial_events();
    listed = co_await read_initial_events();
  }
  if (!listed) {
    const ApiError::Kind kind = listed.error().kind;
    // Refused, or a watch that never says where its list ends.
    if (!head || kind == ApiError::Kind::kTimeout) {
      paged_until_ = Clock::now() + options_.watch_list_again;
    }
    client_.disconnect();
    co_return listed;
  }
  auto delivered = deliver();
  if (!delivered) co_return delivered;
  // What has come behind the end of the list.
  const WatchProgress rest = feed_->watch_rest();
  note(rest);
  if (auto verdict = judged(rest); !verdict) co_return verdict;
  auto ended = co_await read_watch(timeout);
  co_return ended;
}

// Until all are there.
awaitable<ApiResult<void>> ListWatch::read_initial_events() {
  const auto end = Clock::now() + options_.deadlines.list;
  while (Clock::now() < end) {
    const auto piece = co_await client_.read(options_.deadlines.body);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) break;
    const WatchProgress progress = timed([&] { return feed_->watch_bytes(*piece); });
    note(progress);
    if (progress.state == WatchProgress::State::kListed) co_return ApiResult<void>();
    if (auto verdict = judged(progress); !verdict) co_return verdict;
  }
  co_return failed(ApiError::Kind::kTimeout, "the streaming list has no end");
}

ApiResult<void> ListWatch::deliver() {
  const Brake brake = brake_released_ ? Brake::kOff : options_.brake;
  if (const auto loss = feed_->deliver_list(brake)) {
    ++statistics_.brakes;
    statistics_.braking = true;
    feed_->forget_version();
    return failed(ApiError::Kind::kBrake, "the list would take away " + to_string(*loss));
  }
  const auto now = Clock::now();
  ++statistics_.lists;
  statistics_.braking = false;
  statistics_.last_list = now - list_begin_;
  brake_released_ = false;
  take_counts();
  const auto window = options_.reread_maximum - options_.reread_minimum;
  reread_at_ = now + options_.reread_minimum +
               std::chrono::duration_cast<std::chrono::milliseconds>(window * jitter());
  return {};
}

awaitable<ApiResult<void>> ListWatch::watch() {
  begin_attempt();
  const auto timeout = watch_timeout();
  std::string target = watch_target(resource_, feed_->version(), timeout);
  auto head = co_await client_.get(std::move(target));
  if (!head) co_return head;
  feed_->begin_watch();
  auto ended = co_await read_watch(timeout);
  co_return ended;
}

awaitable<ApiResult<void>> ListWatch::read_watch(std::chrono::seconds timeout) {
  const auto begin = Clock::now();
  ++statistics_.watches;
  statistics_.watch_since = begin;
  watched_ = true;
  take_counts();
  auto ended = co_await read_events(begin + timeout + options_.watch_grace);
  fruitful_ = fruitful_ || Clock::now() - begin >= kShortWatch;
  statistics_.watch_since.reset();
  co_return ended;
}

awaitable<ApiResult<void>> ListWatch::read_events(Clock::time_point end) {
  // Bytes alone are no sign of life: an event that never ends is silence, too.
  auto silent_at = Clock::now() + options_.watch_silence;
  while (true) {
    if (reread_due()) break;
    if (Clock::now() >= end) {
      co_return failed(ApiError::Kind::kTimeout, "the server does not end a watch that is over");
    }
    if (Clock::now() >= silent_at) {
      co_return failed(ApiError::Kind::kTimeout, "the server is silent: no event comes to its end");
    }
    const Duration patience = std::min({until(end), until(reread_at_), until(silent_at)});
    const auto piece = co_await client_.read(patience);
    if (!piece) {
      if (reread_due()) break;
      co_return tl::unexpected(piece.error());
    }
    if (piece->empty()) co_return ApiResult<void>();
    const WatchProgress progress = feed_->watch_bytes(*piece);
    note(progress);
    if (progress.events > 0) {
      fruitful_ = true;
      silent_at = Clock::now() + options_.watch_silence;
    }
    if (auto verdict = judged(progress); !verdict) co_return verdict;
  }
  client_.disconnect();
  co_return ApiResult<void>();
}

awaitable<ApiResult<History>> ListWatch::look() {
  const auto& landmark = feed_->landmark();
  std::string target =
      landmark ? look_target(resource_, landmark->id) : list_target(resource_, 1, {});
  auto head = co_await client_.get(std::move(target));
  if (!head) co_return tl::unexpected(std::move(head.error()));
  feed_->begin_list();
  auto body = co_await read_body();
  if (!body && body.error().kind != ApiError::Kind::kProtocol) {
    co_return tl::unexpected(std::move(body.error()));
  }
  const auto history = feed_->end_look();
  // What cannot be understood here may well be understood in the whole list.
  if (body && history) co_return *history;
  client_.disconnect();
  co_return History::kDoubtful;
}

ApiResult<void> ListWatch::judged(const WatchProgress& progress) {
  switch (progress.state) {
    case WatchProgress::State::kGood:
    case WatchProgress::State::kListed:
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

void ListWatch::note(const WatchProgress& progress) {
  statistics_.events += progress.events;
  take_counts();
  if (progress.events > 0) statistics_.last_event = Clock::now();
}

void ListWatch::count_failure() {
  ++statistics_.failures;
  take_counts();
}

// What the client and the feed count themselves.
void ListWatch::take_counts() {
  statistics_.connections = client_.connections();
  statistics_.bytes = client_.bytes();
  statistics_.skipped = feed_->skipped();
}

std::chrono::seconds ListWatch::watch_timeout() {
  const auto window = options_.watch_maximum - options_.watch_minimum;
  return options_.watch_minimum +
         std::chrono::duration_cast<std::chrono::seconds>(window * jitter());
}

double ListWatch::jitter() { return std::uniform_real_distribution<double>(0, 1)(random_); }

}  // namespace kube
