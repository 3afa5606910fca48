#include "tests/contract/api_conversation.h"

#include <fmt/core.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/parse.hpp>
#include <sstream>

#include "kube/gzip_reader.h"

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr auto kPatience = std::chrono::seconds(60);

std::string unfolded(std::string_view bytes) {
  kube::GzipReader reader;
  std::string text;
  std::string piece;
  while (!bytes.empty() && reader.next(bytes, piece)) text += piece;
  return reader.done() ? text : "the compressed body is damaged";
}

}  // namespace

std::shared_ptr<ApiConversation> ApiConversation::begin(asio::io_context& io,
                                                        kube::ClusterAccess access,
                                                        ApiRequest request) {
  const std::shared_ptr<ApiConversation> begun(
      new ApiConversation(std::move(access), std::move(request)));
  asio::co_spawn(io, begun->run(io.get_executor()),
                 [begun](const std::exception_ptr&) { begun->close(); });
  return begun;
}

void ApiConversation::close() const {
  if (transport_) transport_->close();
}

asio::awaitable<void> ApiConversation::run(asio::any_io_executor executor) {
  trouble_ = co_await connect(std::move(executor));
  std::array<char, 16384> room{};
  while (trouble_.empty() && !reader_.done()) {
    const auto size = co_await transport_->read_some(asio::buffer(room), kPatience);
    if (!size || *size == 0) {
      trouble_ = size ? "the answer is cut short" : size.error().detail;
    } else {
      trouble_ = take({room.data(), *size});
    }
  }
  ended_ = trouble_.empty();
}

// Up to the request's last byte; what went wrong.
asio::awaitable<std::string> ApiConversation::connect(asio::any_io_executor executor) {
  const auto credentials = kube::read_credentials(access_);
  if (!credentials) co_return credentials.error();
  auto transport = kube::make_transport(executor, access_, *credentials);
  if (!transport) co_return transport.error().detail;
  transport_ = std::move(*transport);
  const auto opened = co_await transport_->open({});
  if (!opened) co_return opened.error().detail;
  const std::string text = request_text(credentials->token);
  const auto written = co_await transport_->write(text, kPatience);
  co_return written ? "" : written.error().detail;
}

std::string ApiConversation::take(std::string_view bytes) {
  if (!reader_.head_done()) head_ += bytes;
  std::string& body = request_.gzip ? folded_ : body_;
  if (const auto put = reader_.put(bytes, body); !put) return put.error();
  if (!reader_.head_done()) return "";
  status_ = reader_.head().status;
  head_.resize(std::min(head_.size(), head_.find("\r\n\r\n")));
  if (!request_.gzip || !reader_.done()) return "";
  body_ = reader_.head().gzip ? unfolded(folded_) : folded_;
  return "";
}

std::string ApiConversation::request_text(const std::string& token) const {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nAccept: application/json\r\n",
                                 request_.method, request_.target, access_.host, access_.port);
  if (request_.gzip) text += "Accept-Encoding: gzip\r\n";
  if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
  if (!request_.body.empty()) text += "Content-Type: application/json\r\n";
  return text + fmt::format("Content-Length: {}\r\n\r\n{}", request_.body.size(), request_.body);
}

json::object ApiConversation::json() const {
  boost::system::error_code error;
  json::value value = json::parse(body_, error);
  return error || !value.is_object() ? json::object() : value.get_object();
}

std::vector<ApiEvent> ApiConversation::events() const {
  std::vector<ApiEvent> events;
  std::istringstream lines(body_);
  std::string line;
  while (std::getline(lines, line) && !lines.eof()) {
    json::value event = json::parse(line);
    events.push_back({.type = std::string(event.at("type").as_string()),
                      .object = std::move(event.at("object").as_object())});
  }
  return events;
}
