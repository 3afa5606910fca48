#include "kube/api_client.h"

#include <fmt/core.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "kube/clock.h"

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

awaitable<ApiResult<void>> ApiClient::connect() {
  auto credentials = read_credentials(access_);
  if (!credentials) co_return failed(ApiError::Kind::kCredentials, credentials.error());
  // What was read afresh, but for the token, belongs to the connection.
  credentials_.token = credentials->token;
  if (usable() && *credentials == credentials_) co_return ApiResult<void>();
  auto opened = co_await open(std::move(*credentials));
  co_return opened;
}

awaitable<ApiResult<void>> ApiClient::get(std::string target, Encoding encoding) {
  const std::uint64_t before = connections_;
  auto connected = co_await connect();
  if (!connected) co_return connected;
  const bool kept = connections_ == before;
  const bool gzip = encoding == Encoding::kGzip && access_.compression;
  const std::string request = get_request(target, gzip);
  auto answer = co_await ask(request, gzip);
  // The server may have closed an idle connection: that says nothing about the request.
  const bool was_idle = kept && !answer && answer.error().kind == ApiError::Kind::kHungUp;
  if (!was_idle) co_return answer;
  auto opened = co_await open(credentials_);
  if (!opened) co_return opened;
  auto second_answer = co_await ask(request, gzip);
  co_return second_answer;
}

awaitable<ApiResult<void>> ApiClient::post(std::string target, std::string body) {
  disconnect();
  auto connected = co_await connect();
  if (!connected) co_return connected;
  const std::string request = post_request(target, body);
  auto answer = co_await ask(request, false);
  disconnect();
  co_return answer;
}

bool ApiClient::usable() const {
  if (transport_ == nullptr) return false;
  return !response_ || (response_->done() && response_->keep_alive());
}

awaitable<ApiResult<void>> ApiClient::open(Credentials credentials) {
  disconnect();
  if (closed_) co_return failed(ApiError::Kind::kStopped, "stopped");
  auto transport = make_transport(executor_, access_, credentials);
  if (!transport) co_return tl::unexpected(transport.error());
  transport_ = std::move(*transport);
  credentials_ = std::move(credentials);
  auto opened = co_await transport_->open(deadlines_);
  if (opened) {
    ++connections_;
  } else {
    disconnect();
  }
  co_return opened;
}

awaitable<ApiResult<void>> ApiClient::ask(const std::string& request, bool gzip) {
  response_.emplace(gzip);
  gzip_.reset();
  folded_ = {};
  received_anything_ = false;
  body_waits_ = true;
  body_.clear();
  auto written = co_await transport_->write(request, deadlines_.head);
  if (!written) co_return written;
  auto head = co_await read_head();
  if (!head) co_return head;
  if (response_->head().gzip) gzip_.emplace();
  const unsigned status = response_->head().status;
  if (status == 200 || status == 201) co_return head;
  auto refused = co_await refused_by_server();
  co_return refused;
}

awaitable<ApiResult<void>> ApiClient::read_head() {
  const auto begin = Clock::now();
  while (!response_->head_done()) {
    // The deadline is for the whole head: a byte a minute must not keep us here.
    const auto spent = std::chrono::duration_cast<Duration>(Clock::now() - begin);
    if (spent >= deadlines_.head) co_return failed(ApiError::Kind::kTimeout, "no answer in time");
    const auto size = co_await receive(deadlines_.head - spent);
    if (!size) {
      ApiError error = size.error();
      const bool silent = error.kind == ApiError::Kind::kClosed && !received_anything_;
      if (silent) error.kind = ApiError::Kind::kHungUp;
      co_return tl::unexpected(std::move(error));
    }
    if (*size == 0) {
      co_return failed(received_anything_ ? ApiError::Kind::kClosed : ApiError::Kind::kHungUp,
                       "the server closed the connection without an answer");
    }
    received_anything_ = true;
  }
  co_return ApiResult<void>();
}

// The next bytes of the answer; what belongs to the body is appended to body_. 0: the connection
// has ended.
awaitable<ApiResult<std::size_t>> ApiClient::receive(Duration deadline) {
  auto size = co_await transport_->read_some(asio::buffer(input_), deadline);
  if (!size || *size == 0) co_return size;
  bytes_ += *size;
  if (auto put = response_->put({input_.data(), *size}, body_); !put) {
    co_return failed(ApiError::Kind::kProtocol, put.error());
  }
  co_return size;
}

awaitable<ApiResult<std::string_view>> ApiClient::read(Duration deadline) {
  if (gzip_ && !folded_.empty()) {
    const auto unfolded = unfold();
    if (!unfolded) co_return tl::unexpected(unfolded.error());
    if (*unfolded) co_return std::string_view(text_);
  }
  // What came together with the head waits to be given out; all else has been.
  if (!body_waits_) body_.clear();
  body_waits_ = false;
  while (true) {
    if (!gzip_ && !body_.empty()) co_return std::string_view(body_);
    if (gzip_ && !body_.empty()) {
      folded_ = body_;
      const auto unfolded = unfold();
      if (!unfolded) co_return tl::unexpected(unfolded.error());
      if (*unfolded) co_return std::string_view(text_);
      body_.clear();
    }
    if (response_->done()) break;
    const auto size = co_await receive(deadline);
    if (!size) co_return tl::unexpected(size.error());
    if (*size == 0) co_return failed(ApiError::Kind::kClosed, "the answer is cut short");
  }
  if (gzip_ && !gzip_->done()) {
    co_return failed(ApiError::Kind::kProtocol, "the compressed answer is cut short");
  }
  co_return std::string_view();
}

// The next piece of a compressed body into text_; false: more bytes are needed.
ApiResult<bool> ApiClient::unfold() {
  while (!folded_.empty()) {
    if (auto piece = gzip_->next(folded_, text_); !piece) {
      return failed(ApiError::Kind::kProtocol, "the compressed answer: " + piece.error());
    }
    if (!text_.empty()) return true;
  }
  return false;
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

std::string ApiClient::get_request(const std::string& target, bool gzip) const {
  const std::string head = head_of_request("GET " + access_.path_prefix + target);
  return head + (gzip ? "Accept-Encoding: gzip\r\n\r\n" : "\r\n");
}

std::string ApiClient::post_request(const std::string& target, const std::string& body) const {
  return head_of_request("POST " + access_.path_prefix + target) +
         fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                     body);
}

// All lines but those of one method alone, and the empty one.
std::string ApiClient::head_of_request(const std::string& first_line) const {
  const bool brackets = access_.host.find(':') != std::string::npos;
  std::string text = fmt::format(
      "{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: kube-ipvs/{} (linux/{})\r\n"
      "Accept: application/json\r\n",
      first_line, brackets ? "[" : "", access_.host, brackets ? "]" : "", access_.port,
      KUBE_IPVS_VERSION, kArchitecture);
  if (access_.tls && !credentials_.token.empty()) {
    text += "Authorization: Bearer " + credentials_.token + "\r\n";
  }
  return text;
}

bool ApiClient::credentials_renewed() const {
  const auto now = read_credentials(access_);
  return now && *now != credentials_;
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
