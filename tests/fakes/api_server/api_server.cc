#include "tests/fakes/api_server/api_server.h"

#include <fmt/format.h>

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

#include "tests/fakes/api_server/answer.h"

namespace fakes {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '%' && index + 2 < text.size()) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(index + 1, 2)), nullptr, 16));
      index += 2;
    } else {
      decoded += text[index] == '+' ? ' ' : text[index];
    }
  }
  return decoded;
}

std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    values[percent_decoded(pair.substr(0, equals))] =
        equals == pair.size() ? "" : percent_decoded(pair.substr(equals + 1));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return values;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) segments.push_back(percent_decoded(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

std::string event_json(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

std::string not_found() { return status_answer(404, "NotFound", "there is no such object"); }

}  // namespace

struct ApiServer::Request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::string body;
  const Collection* collection = nullptr;  // nullptr: no collection of ours
  std::string namespace_name;
  std::string name;

  Request(std::string method_name, std::string_view target, std::string content)
      : method(std::move(method_name)), body(std::move(content)) {
    const auto mark = std::min(target.find('?'), target.size());
    path = target.substr(0, mark);
    if (mark < target.size()) query = parse_query(target.substr(mark + 1));
    auto segments = segments_of(path);
    const std::size_t root = !segments.empty() && segments[0] == "apis" ? 3 : 2;
    if (segments.size() <= root) return;
    std::string prefix;
    for (std::size_t index = 0; index < root; ++index) prefix += "/" + segments[index];
    segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(root));
    if (segments.size() >= 3 && segments[0] == "namespaces") {
      namespace_name = segments[1];
      segments.erase(segments.begin(), segments.begin() + 2);
    }
    collection = find_collection(prefix, segments[0]);
    if (segments.size() > 1) name = segments[1];
  }

  [[nodiscard]] std::string option(const std::string& key) const {
    const auto found = query.find(key);
    return found == query.end() ? "" : found->second;
  }
  [[nodiscard]] std::uint64_t count(const std::string& key, std::uint64_t otherwise) const {
    const std::string text = option(key);
    const bool digits =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return text.empty() || !digits ? otherwise : std::stoull(text);
  }
  [[nodiscard]] bool is_watch() const {
    return option("watch") == "1" || option("watch") == "true";
  }
  [[nodiscard]] Selector selector() const {
    return {.labels = option("labelSelector"),
            .fields = option("fieldSelector"),
            .namespace_name = namespace_name};
  }
};

struct ApiServer::Session {
  tcp::socket socket;
  std::optional<std::size_t> left;  // bytes of this answer until it is cut
};

struct ApiServer::Watch {
  const Collection& collection;
  Selector selector;
  std::uint64_t version;
  bool bookmarks;
  asio::steady_timer timer;
  std::chrono::steady_clock::time_point end{};
  std::chrono::steady_clock::time_point next_bookmark{};
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
  for (Watch* watch : watches_) watch->next_bookmark = std::chrono::steady_clock::now();
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
  std::string text;
  if (request.path == "/readyz") {
    text = json_answer(200, "ok");
  } else if (request.collection == nullptr) {
    text = not_found();
  } else if (request.method != "GET") {
    text = write(request);
  } else if (!request.name.empty()) {
    text = one(request);
  } else if (request.is_watch()) {
    const bool open = co_await watch(session, request);
    co_return open;
  } else {
    text = list(request);
  }
  const bool sent = co_await send(session, std::move(text));
  co_return sent;
}

awaitable<bool> ApiServer::misbehave(Session& session, const CannedAnswer& canned) {
  const bool sent = co_await send(session, canned.bytes);
  if (sent && canned.then == CannedAnswer::Then::kStall) {
    char ignored = 0;
    co_await session.socket.async_read_some(asio::buffer(&ignored, 1), kUseTuple);
  }
  co_return sent&& canned.then == CannedAnswer::Then::kKeep;
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

std::string ApiServer::list(const Request& request) {
  const std::string token = request.option("continue");
  Listing listing;
  if (token.empty()) {
    listing = objects_.list(*request.collection, request.selector());
  } else {
    const auto found = pages_.find(token);
    if (found == pages_.end() || found->second.version < objects_.compacted()) {
      return status_answer(410, "Expired", "The provided continue parameter is too old");
    }
    listing = found->second;
  }
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
    object.erase("kind");
    object.erase("apiVersion");
    items.push_back(std::move(object));
  }
  json::object metadata{{"resourceVersion", std::to_string(listing.version)}};
  if (!next.empty()) metadata["continue"] = next;
  const json::object answer{{"kind", std::string(request.collection->kind) + "List"},
                            {"apiVersion", request.collection->version},
                            {"metadata", metadata},
                            {"items", items}};
  return json_answer(200, json::serialize(answer));
}

std::string ApiServer::one(const Request& request) {
  const auto object = objects_.get(*request.collection, request.namespace_name, request.name);
  return object ? json_answer(200, json::serialize(*object)) : not_found();
}

std::string ApiServer::write(const Request& request) {
  if (request.method == "DELETE") {
    const auto gone = objects_.remove(*request.collection, request.namespace_name, request.name);
    return gone ? json_answer(200, json::serialize(*gone)) : not_found();
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
    return replaced ? json_answer(200, json::serialize(*replaced)) : not_found();
  }
  const auto created = objects_.create(*request.collection, object);
  return created ? json_answer(201, json::serialize(*created))
                 : status_answer(409, "AlreadyExists", "an object of this name exists");
}

awaitable<bool> ApiServer::watch(Session& session, const Request& request) {
  Watch watch{.collection = *request.collection,
              .selector = request.selector(),
              .version = request.count("resourceVersion", objects_.version()),
              .bookmarks = request.option("allowWatchBookmarks") == "true" ||
                           request.option("allowWatchBookmarks") == "1",
              .timer = asio::steady_timer(executor_)};
  const auto now = std::chrono::steady_clock::now();
  watch.end = now + std::chrono::seconds(request.count("timeoutSeconds", 1800));
  watch.next_bookmark = now + bookmark_interval;
  bool open = co_await send(session, chunked_head());
  if (open && watch.version < objects_.compacted()) {
    const std::string gone = status_json(
        410, "Expired",
        fmt::format("too old resource version: {} ({})", watch.version, objects_.version()));
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
  while (!watch.over && std::chrono::steady_clock::now() < watch.end) {
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
  std::string text;
  for (const Change& change :
       objects_.changes_since(watch.version, watch.collection, watch.selector)) {
    watch.version = change.version;
    text += event_json(change.type, json::serialize(change.object));
  }
  if (std::chrono::steady_clock::now() < watch.next_bookmark) return text;
  watch.next_bookmark = std::chrono::steady_clock::now() + bookmark_interval;
  if (!watch.bookmarks) return text;
  watch.version = std::max(watch.version, objects_.version());
  const json::object object{{"kind", watch.collection.kind},
                            {"apiVersion", watch.collection.version},
                            {"metadata", {{"resourceVersion", std::to_string(watch.version)}}}};
  return text + event_json("BOOKMARK", json::serialize(object));
}

}  // namespace fakes
