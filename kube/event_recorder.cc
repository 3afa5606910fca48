#include "kube/event_recorder.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <initializer_list>
#include <utility>

#include "kube/resource.h"

namespace kube {

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::system_clock;

namespace {

constexpr auto kSameAgain = std::chrono::minutes(10);
constexpr auto kPace = std::chrono::seconds(6);
constexpr int kAtOnce = 10;
constexpr std::size_t kMaxWaiting = 100;
constexpr std::size_t kMaxNote = 1000;  // the server takes 1,024
constexpr const char* kController = "kube-ipvs";

// As a JSON string. What is no printable ASCII is left out of it: a note is no place for the bytes
// of others.
std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') json += '\\';
    if (byte >= ' ' && byte <= '~') json += byte;
  }
  return json + '"';
}

// {"key":"value",…}; keys without a value are left out.
std::string json_object(std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string json;
  for (const auto& [key, value] : fields) {
    if (value.empty()) continue;
    json += fmt::format("{}\"{}\":{}", json.empty() ? "{" : ",", key, value);
  }
  return json.empty() ? "{}" : json + "}";
}

std::string quoted_or_nothing(const std::string& text) { return text.empty() ? "" : quoted(text); }

std::string reference_json(const ObjectReference& object) {
  return json_object({{"apiVersion", quoted_or_nothing(object.api_version)},
                      {"kind", quoted_or_nothing(object.kind)},
                      {"namespace", quoted_or_nothing(object.id.namespace_name)},
                      {"name", quoted_or_nothing(object.id.name)},
                      {"uid", quoted_or_nothing(object.uid)}});
}

// Of cluster-scoped objects the Events are in "default".
std::string namespace_of(const Event& event) {
  const std::string& own = event.regarding.id.namespace_name;
  return own.empty() ? "default" : own;
}

std::string key_of(const Event& event) {
  return event.reason + " " + to_string(event.regarding.id) + " " + event.note;
}

// Another node has said the same.
bool is_taken(const ApiError& error) {
  return error.kind == ApiError::Kind::kStatus && error.status.code == 409;
}

// "2026-11-25T08:15:00.000000Z", as the server wants it.
std::string micro_time(system_clock::time_point time) {
  const auto micros = std::chrono::time_point_cast<std::chrono::microseconds>(time);
  const auto part = micros.time_since_epoch().count() % 1'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(system_clock::to_time_t(time)),
                     part);
}

}  // namespace

std::string event_json(const Event& event, const std::string& instance, const std::string& name,
                       system_clock::time_point time) {
  const std::string metadata =
      json_object({{"name", quoted(name)}, {"namespace", quoted(namespace_of(event))}});
  return json_object({{"kind", quoted("Event")},
                      {"apiVersion", quoted("events.k8s.io/v1")},
                      {"metadata", metadata},
                      {"eventTime", quoted(micro_time(time))},
                      {"reportingController", quoted(kController)},
                      {"reportingInstance", quoted(instance)},
                      {"type", quoted(event.warning ? "Warning" : "Normal")},
                      {"reason", quoted(event.reason)},
                      {"action", quoted(event.action)},
                      {"note", quoted(event.note.substr(0, kMaxNote))},
                      {"regarding", reference_json(event.regarding)}});
}

EventRecorder::EventRecorder(const asio::any_io_executor& executor, ClusterAccess access,
                             std::string instance)
    : client_(executor, std::move(access)), instance_(std::move(instance)), timer_(executor) {}

void EventRecorder::record(const Event& event) {
  const std::string key = key_of(event);
  if (told_lately(key)) return;
  const bool of_node = event.regarding.kind == "Node";
  if (letters_.size() >= kMaxWaiting) {
    ++counts_.dropped;
    if (!of_node) return;
    letters_.pop_back();
  }
  told_.emplace(key, Clock::now());
  const auto now = system_clock::now();
  Letter letter{.target = fmt::format("/apis/events.k8s.io/v1/namespaces/{}/events",
                                      percent_encoded(namespace_of(event))),
                .body = event_json(event, instance_, name_for(event, now), now)};
  letters_.insert(of_node ? letters_.begin() : letters_.end(), std::move(letter));
  timer_.cancel();
}

bool EventRecorder::told_lately(const std::string& key) {
  const auto now = Clock::now();
  std::erase_if(told_, [now](const auto& told) { return now - told.second >= kSameAgain; });
  return told_.contains(key);
}

std::string EventRecorder::name_for(const Event& event, system_clock::time_point now) {
  if (!event.regarding.id.namespace_name.empty()) {
    return fmt::format("{}.{:016x}", event.regarding.id.name,
                       std::hash<std::string>{}(event.regarding.uid + key_of(event)));
  }
  return fmt::format("{}.{:x}{:x}", instance_, now.time_since_epoch().count(), ++number_);
}

awaitable<void> EventRecorder::run() {
  while (!stopped_) {
    if (letters_.empty()) {
      co_await wait(std::chrono::hours(1));
      continue;
    }
    const auto earliest = full_at_ - (kAtOnce - 1) * kPace;
    if (Clock::now() < earliest) {
      co_await wait(earliest - Clock::now());
      continue;
    }
    full_at_ = std::max(full_at_, Clock::now()) + kPace;
    const Letter letter = std::move(letters_.front());
    letters_.pop_front();
    const auto sent = co_await client_.post(letter.target, letter.body);
    ++(sent || is_taken(sent.error()) ? counts_.sent : counts_.dropped);
  }
}

void EventRecorder::stop() {
  stopped_ = true;
  timer_.cancel();
  client_.close();
}

// Or until something is recorded.
awaitable<void> EventRecorder::wait(Clock::duration time) {
  timer_.expires_after(time);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace kube
