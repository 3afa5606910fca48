#include "kube/api_client.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kube {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::size_t kMaxStatusBody = std::size_t{64} << 10;

#if defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif

tl::unexpected<ApiError> failed(ApiError::Kind kind, std::string detail) {
  return tl::unexpected(ApiError{.kind = kind, .detail = std::move(detail), .status = {}});
}

}  // namespace

ApiClient::ApiClient(asio::any_io_executor executor, ClusterAccess access, Deadlines deadlines)
    : executor_(std::move(executor)), access_(std::move(access)), deadlines_(deadlines) {}

awaitable<ApiResult<void>> ApiClient::get(std::string target) {
  const bool reusable = transport_ && response_ && response_->done() && response_->keep_alive();
  if (reusable) {
    auto answer = co_await ask(target);
    // The server may have closed an idle connection: that says nothing about the request.
    if (answer || answer.error().kind != ApiError::Kind::kClosed || received_anything_) {
      co_return answer;
    }
  }
  auto connected = co_await connect();
  if (!connected) co_return connected;
  auto answer = co_await ask(target);
  co_return answer;
}

awaitable<ApiResult<void>> ApiClient::connect() {
  disconnect();
  if (closed_) co_return failed(ApiError::Kind::kStopped, "stopped");
  auto credentials = read_credentials(access_);
  if (!credentials) co_return failed(ApiError::Kind::kCredentials, credentials.error());
  auto transport = make_transport(executor_, access_, *credentials);
  if (!transport) co_return tl::unexpected(transport.error());
  transport_ = std::move(*transport);
  token_ = std::move(credentials->token);
  auto opened = co_await transport_->open(deadlines_);
  co_return opened;
}

awaitable<ApiResult<void>> ApiClient::ask(const std::string& target) {
  response_.emplace();
  received_anything_ = false;
  body_waits_ = true;
  body_.clear();
  const std::string text = request(target);
  auto written = co_await transport_->write(text, deadlines_.head);
  if (!written) co_return written;
  auto head = co_await read_head();
  if (!head) co_return head;
  if (response_->head().status == 200) co_return head;
  auto refused = co_await refused_by_server();
  co_return refused;
}

awaitable<ApiResult<void>> ApiClient::read_head() {
  const auto begin = std::chrono::steady_clock::now();
  while (!response_->head_done()) {
    // The deadline is for the whole head: a byte a minute must not keep us here.
    const auto spent =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
    if (spent >= deadlines_.head) co_return failed(ApiError::Kind::kTimeout, "no answer in time");
    const Duration left = deadlines_.head - spent;
    const auto size = co_await transport_->read_some(asio::buffer(input_), left);
    if (!size) co_return tl::unexpected(size.error());
    if (*size == 0) {
      co_return failed(ApiError::Kind::kClosed,
                       "the server closed the connection without an answer");
    }
    received_anything_ = true;
    if (auto put = response_->put({input_.data(), *size}, body_); !put) {
      co_return failed(ApiError::Kind::kProtocol, put.error());
    }
  }
  co_return ApiResult<void>();
}

awaitable<ApiResult<std::string_view>> ApiClient::read(Duration deadline) {
  // What came together with the head waits to be given out; all else has been.
  if (!body_waits_) body_.clear();
  body_waits_ = false;
  while (body_.empty() && !response_->done()) {
    const auto size = co_await transport_->read_some(asio::buffer(input_), deadline);
    if (!size) co_return tl::unexpected(size.error());
    if (*size == 0) co_return failed(ApiError::Kind::kClosed, "the answer is cut short");
    if (auto put = response_->put({input_.data(), *size}, body_); !put) {
      co_return failed(ApiError::Kind::kProtocol, put.error());
    }
  }
  co_return std::string_view(body_);
}

// Collects the Status that explains an answer other than 200.
awaitable<ApiResult<void>> ApiClient::refused_by_server() {
  const HttpHead head = response_->head();
  std::string text;
  while (text.size() < kMaxStatusBody) {
    const auto piece = co_await read(deadlines_.body);
    if (!piece || piece->empty()) break;
    text.append(*piece);
  }
  ApiError error{.kind = ApiError::Kind::kStatus, .detail = {}, .status = {}};
  if (auto status = decode_status(text)) error.status = std::move(*status);
  error.status.code = head.status;
  if (!error.status.retry_after) error.status.retry_after = head.retry_after;
  if (!head.location.empty()) error.detail = "it redirects to " + head.location;
  co_return tl::unexpected(std::move(error));
}

std::string ApiClient::request(const std::string& target) const {
  const bool brackets = access_.host.find(':') != std::string::npos;
  std::string text = fmt::format(
      "GET {}{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: kube-ipvs/{} (linux/{})\r\n"
      "Accept: application/json\r\n",
      access_.path_prefix, target, brackets ? "[" : "", access_.host, brackets ? "]" : "",
      access_.port, KUBE_IPVS_VERSION, kArchitecture);
  if (access_.tls && !token_.empty()) text += "Authorization: Bearer " + token_ + "\r\n";
  return text + "\r\n";
}

void ApiClient::disconnect() {
  transport_.reset();
  response_.reset();
}

void ApiClient::close() {
  closed_ = true;
  if (transport_) transport_->close();
}

}  // namespace kube
