#include "tests/fakes/api_server/api_server.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>

#include "kube/clock.h"
#include "tests/fakes/api_server/answer.h"
#include "tests/fakes/api_server/refusal.h"
#include "tests/fakes/api_server/request.h"

namespace fakes {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kBookmarkBeforeEnd = std::chrono::seconds(2);

std::string event_json(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

std::string bookmark_json(const Collection& collection, json::object metadata) {
  const json::object object{{"kind", collection.kind},
                            {"apiVersion", collection.version},
                            {"metadata", std::move(metadata)}};
  return event_json("BOOKMARK", json::serialize(object));
}

std::string_view text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct ApiServer::Session {
  tcp::socket socket;
  std::optional<std::size_t> left;  // bytes of this answer until it is cut
  bool gzip = false;                // a list may be sent compressed
  std::string token;                // the Authorization header of this request
};

struct ApiServer::Watch {
  const Collection& collection;
  Selector selector;
  std::uint64_t version;
  bool bookmarks;
  bool initial_events;  // are still to be sent
  bool streaming_list;  // the end of the initial events is told
  kube::Timer timer;
  kube::Clock::time_point end{};
  kube::Clock::time_point next_bookmark{};
  bool over = false;
};

ApiServer::ApiServer(asio::any_io_executor executor) : executor_(std::move(executor)) {
  objects_.on_change = [this] { wake_watches(); };
}

ApiServer::~ApiServer() { stop(); }

std::uint16_t ApiServer::start(std::uint16_t port) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  acceptor_.emplace(executor_, endpoint);
  asio::co_spawn(executor_, accept(), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  return acceptor_->local_endpoint().port();
}

void ApiServer::restart_from(const ApiObjects::Backup& backup) {
  const std::uint16_t port = acceptor_->local_endpoint().port();
  stop();
  objects_.restore(backup);
  start(port);
}

void ApiServer::stop() {
  if (acceptor_) acceptor_->close();
  boost::system::error_code ignored;
  for (Session* session : sessions_) session->socket.close(ignored);
  end_watches();
}

void ApiServer::end_watches() {
  for (Watch* watch : watches_) watch->over = true;
  wake_watches();
}

void ApiServer::bookmark() {
  for (Watch* watch : watches_) watch->next_bookmark = kube::Clock::now();
  wake_watches();
}

void ApiServer::wake_watches() {
  for (Watch* watch : watches_) watch->timer.cancel();
}

awaitable<void> ApiServer::accept() {
  while (acceptor_ && acceptor_->is_open()) {
    auto [error, socket] = co_await acceptor_->async_accept(kUseTuple);
    if (error) co_return;
    asio::co_spawn(executor_, serve(std::move(socket)), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
}

awaitable<void> ApiServer::serve(tcp::socket socket) {
  Session session{.socket = std::move(socket), .left = {}};
  session.socket.set_option(tcp::no_delay(true));
  sessions_.insert(&session);
  boost::beast::flat_buffer buffer;
  bool open = true;
  while (open) {
    http::request<http::string_body> message;
    const auto [error, size] =
        co_await http::async_read(session.socket, buffer, message, kUseTuple);
    if (error || size == 0) break;
    const std::string target(message.target());
    const Request request(std::string(message.method_string()), target, message.body());
    requests_.push_back(request.method + " " + target);
    const std::string_view encodings = text_of(message[http::field::accept_encoding]);
    session.gzip = encodings.find("gzip") != std::string_view::npos;
    session.token = text_of(message[http::field::authorization]);
    session.left = faults_.cut_after;
    open = co_await answer(session, request);
  }
  sessions_.erase(&session);
}

awaitable<bool> ApiServer::answer(Session& session, const Request& request) {
  if (!faults_.next.empty()) {
    const CannedAnswer canned = std::move(faults_.next.front());
    faults_.next.pop_front();
    const bool open = co_await misbehave(session, canned);
    co_return open;
  }
  if (request.collection != nullptr) {
    const bool open = co_await answer_resource(session, request);
    co_return open;
  }
  std::string text = request.path == "/readyz" ? json_answer(200, "ok") : unknown_path_answer();
  const bool sent = co_await send(session, std::move(text));
  co_return sent;
}

awaitable<bool> ApiServer::answer_resource(Session& session, const Request& request) {
  std::string text;
  if (auto refused = refusal(session, request)) {
    text = std::move(*refused);
  } else if (request.method != "GET") {
    text = write(request);
  } else if (!request.name.empty()) {
    text = one(request);
  } else if (request.flag("watch")) {
    const bool open = co_await watch(session, request);
    co_return open;
  } else {
    text = list(request, session.gzip);
  }
  const bool sent = co_await send(session, std::move(text));
  co_return sent;
}

std::optional<std::string> ApiServer::refusal(const Session& session,
                                              const Request& request) const {
  if (!powerless_token.empty() && session.token == "Bearer " + powerless_token) {
    return forbidden(request);
  }
  if (!required_token.empty() && session.token != "Bearer " + required_token) {
    return unauthorized();
  }
  if (!request.flag("watch") || !request.flag("sendInitialEvents")) return std::nullopt;
  if (faults_.no_watch_list) {
    return status_answer(422, "Invalid", "sendInitialEvents is forbidden for watch");
  }
  if (request.option("resourceVersionMatch") != "NotOlderThan") {
    return streaming_list_without_match();
  }
  return std::nullopt;
}

awaitable<bool> ApiServer::misbehave(Session& session, const CannedAnswer& canned) {
  bool sent = co_await send_with_rests(session, canned);
  while (sent && !canned.endless.empty()) {
    sent = co_await send(session, canned.endless);
    flood_ += canned.endless.size();
  }
  if (sent && canned.then == CannedAnswer::Then::kStall) {
    char ignored = 0;
    co_await session.socket.async_read_some(asio::buffer(&ignored, 1), kUseTuple);
  }
  co_return sent&& canned.then == CannedAnswer::Then::kKeep;
}

awaitable<bool> ApiServer::send_with_rests(Session& session, const CannedAnswer& canned) {
  std::size_t begin = 0;
  for (const std::size_t rest : canned.rests) {
    const bool sent = co_await send(session, canned.bytes.substr(begin, rest - begin));
    if (!sent) co_return false;
    begin = rest;
    kube::Timer idle(executor_, drip);
    co_await idle.async_wait(kUseTuple);
  }
  const bool sent = co_await send(session, canned.bytes.substr(begin));
  co_return sent;
}

awaitable<bool> ApiServer::send(Session& session, std::string bytes) {
  const bool cut = session.left && *session.left < bytes.size();
  if (cut) bytes.resize(*session.left);
  if (session.left) *session.left -= bytes.size();
  const auto [error, size] =
      co_await asio::async_write(session.socket, asio::buffer(bytes), kUseTuple);
  co_return !error && !cut && size == bytes.size();
}

awaitable<bool> ApiServer::send_chunk(Session& session, std::string bytes) {
  std::string text;
  if (faults_.byte_by_byte) {
    for (const char byte : bytes) text += chunk(std::string_view(&byte, 1));
  } else {
    text = chunk(bytes);
  }
  const bool sent = co_await send(session, std::move(text));
  co_return sent;
}

std::string ApiServer::list(const Request& request, bool gzip) {
  const std::string token = request.option("continue");
  if (token.empty()) {
    const std::uint64_t asked = request.count("resourceVersion", 0);
    if (asked > objects_.version()) return version_too_large(asked, objects_.version());
    return page(request, objects_.list(*request.collection, request.selector()), gzip);
  }
  const auto found = pages_.find(token);
  if (found == pages_.end()) return bad_continue_token();
  if (found->second.version < objects_.compacted()) return expired_continue_token();
  return page(request, found->second, gzip);
}

std::string ApiServer::page(const Request& request, Listing listing, bool gzip) {
  const std::size_t limit = request.count("limit", 0);
  std::string next;
  if (limit > 0 && listing.objects.size() > limit) {
    next = fmt::format("next-{}", pages_.size() + 1);
    pages_[next] = {.version = listing.version,
                    .objects = {listing.objects.begin() + static_cast<std::ptrdiff_t>(limit),
                                listing.objects.end()}};
    listing.objects.resize(limit);
  }
  json::array items;
  for (json::object& object : listing.objects) {
    // The items of a real list carry neither.
    object.stable_erase("kind");
    object.stable_erase("apiVersion");
    items.push_back(std::move(object));
  }
  json::object metadata{{"resourceVersion", std::to_string(listing.version)}};
  if (!next.empty()) metadata["continue"] = next;
  const json::object answer{{"kind", std::string(request.collection->kind) + "List"},
                            {"apiVersion", request.collection->version},
                            {"metadata", metadata},
                            {"items", items}};
  const std::string text = json::serialize(answer);
  return gzip && text.size() >= gzip_from ? gzip_answer(text) : json_answer(200, text);
}

std::string ApiServer::one(const Request& request) {
  const auto object = objects_.get(*request.collection, request.namespace_name, request.name);
  return object ? json_answer(200, json::serialize(*object)) : not_found(request);
}

std::string ApiServer::write(const Request& request) {
  if (request.method == "DELETE") {
    const auto gone = objects_.remove(*request.collection, request.namespace_name, request.name);
    return gone ? json_answer(200, json::serialize(*gone)) : not_found(request);
  }
  boost::system::error_code error;
  json::value body = json::parse(request.body, error);
  if (error || !body.is_object()) return status_answer(400, "BadRequest", "this is no JSON object");
  json::object& object = body.get_object();
  json::value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = json::object();
  if (!request.namespace_name.empty()) metadata.get_object()["namespace"] = request.namespace_name;
  if (!request.name.empty()) metadata.get_object()["name"] = request.name;
  object["kind"] = request.collection->kind;
  object["apiVersion"] = request.collection->version;
  if (request.method == "PUT") {
    const auto replaced = objects_.replace(*request.collection, object);
    return replaced ? json_answer(200, json::serialize(*replaced)) : not_found(request);
  }
  const auto created = objects_.create(*request.collection, object);
  return created ? json_answer(201, json::serialize(*created))
                 : status_answer(409, "AlreadyExists", "an object of this name exists");
}

awaitable<bool> ApiServer::watch(Session& session, const Request& request) {
  const bool no_version = request.count("resourceVersion", 0) == 0;
  Watch watch{.collection = *request.collection,
              .selector = request.selector(),
              .version = request.count("resourceVersion", objects_.version()),
              .bookmarks = request.flag("allowWatchBookmarks"),
              .initial_events = no_version || request.flag("sendInitialEvents"),
              .streaming_list = request.flag("sendInitialEvents"),
              .timer = kube::Timer(executor_)};
  watch.end = kube::Clock::now() + std::chrono::seconds(request.count("timeoutSeconds", 1800));
  schedule_bookmark(watch);
  bool open = co_await send(session, chunked_head());
  if (open && !watch.initial_events && watch.version < objects_.compacted()) {
    const std::string gone = version_too_old(watch.version, objects_.version());
    open = co_await send_chunk(session, event_json("ERROR", gone));
  } else if (open) {
    watches_.insert(&watch);
    open = co_await stream(session, watch);
    watches_.erase(&watch);
  }
  if (!open) co_return false;
  const bool ended = co_await send(session, chunk(""));
  co_return ended;
}

awaitable<bool> ApiServer::stream(Session& session, Watch& watch) {
  while (!watch.over && kube::Clock::now() < watch.end) {
    std::string text = news(watch);
    if (!text.empty()) {
      const bool sent = co_await send_chunk(session, std::move(text));
      if (!sent) co_return false;
      continue;
    }
    watch.timer.expires_at(std::min(watch.end, watch.next_bookmark));
    co_await watch.timer.async_wait(kUseTuple);
    if (!session.socket.is_open()) co_return false;
  }
  co_return true;
}

// Every event since the last, and the bookmark if it is time.
std::string ApiServer::news(Watch& watch) const {
  std::string text = watch.initial_events ? initial_events(watch) : "";
  for (const Change& change :
       objects_.changes_since(watch.version, watch.collection, watch.selector)) {
    watch.version = change.version;
    text += event_json(change.type, json::serialize(change.object));
  }
  if (kube::Clock::now() < watch.next_bookmark) return text;
  schedule_bookmark(watch);
  // A watch from the future hears nothing at all (tests/kube/recorded/watch-too-large.http).
  if (!watch.bookmarks || watch.version > objects_.version() || faults_.no_bookmarks) return text;
  watch.version = objects_.version();
  return text +
         bookmark_json(watch.collection, {{"resourceVersion", std::to_string(watch.version)}});
}

void ApiServer::schedule_bookmark(Watch& watch) const {
  const auto now = kube::Clock::now();
  const auto last = watch.end - kBookmarkBeforeEnd;
  watch.next_bookmark = now + bookmark_interval;
  if (last > now) watch.next_bookmark = std::min(watch.next_bookmark, last);
}

// Everything there is, and the bookmark that says so.
std::string ApiServer::initial_events(Watch& watch) const {
  std::string text;
  const Listing listing = objects_.list(watch.collection, watch.selector);
  for (const json::object& object : listing.objects) {
    text += event_json("ADDED", json::serialize(object));
  }
  watch.initial_events = false;
  watch.version = listing.version;
  if (!watch.streaming_list || faults_.endless_watch_list) return text;
  return text + bookmark_json(watch.collection,
                              {{"resourceVersion", std::to_string(listing.version)},
                               {"annotations", {{"k8s.io/initial-events-end", "true"}}}});
}

}  // namespace fakes
