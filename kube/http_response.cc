#include "kube/http_response.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <algorithm>
#include <charconv>

namespace kube {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

constexpr std::uint32_t kMaxHeader = 64U << 10U;

error_code refused() { return http::make_error_code(http::error::bad_value); }

}  // namespace

class HttpResponseReader::Parser final : public http::basic_parser<false> {
 public:
  Parser() {
    eager(true);
    header_limit(kMaxHeader);
    body_limit(boost::none);
  }

  HttpHead head;
  std::string* body = nullptr;
  const char* refusal = nullptr;  // in our words, when a hook has refused

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}

  void on_response_impl(int code, string_view, int, error_code& error) override {
    head.status = static_cast<unsigned>(code);
    if (code < 200) refuse("an interim answer (1xx) that was not asked for", error);
  }

  void on_field_impl(http::field name, string_view, string_view value,
                     error_code& error) override {
    if (is_header_done()) {
      refuse("trailers after the last chunk", error);
    } else if (name == http::field::content_encoding && value != "identity") {
      refuse("a Content-Encoding that was not asked for", error);
    } else if (name == http::field::location) {
      head.location.assign(value.data(), std::min<std::size_t>(value.size(), 256));
    } else if (name == http::field::retry_after) {
      set_retry_after(value);
    }
  }

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         error_code& error) override {
    if (!length && !chunked()) {
      refuse("neither a length nor chunks, so that its end cannot be seen", error);
    }
  }

  std::size_t on_body_impl(string_view piece, error_code&) override {
    body->append(piece.data(), piece.size());
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& error) override {
    if (!extensions.empty()) refuse("a chunk with extensions", error);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    body->append(piece.data(), piece.size());
    return piece.size();
  }

  void on_finish_impl(error_code&) override {}

  void refuse(const char* why, error_code& error) {
    refusal = why;
    error = refused();
  }

  // Seconds; the other form, a date, would need a clock and is not used by API servers.
  void set_retry_after(string_view value) {
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size()) return;
    head.retry_after = std::chrono::seconds(std::min(seconds, 3600U));
  }
};

HttpResponseReader::HttpResponseReader() : parser_(std::make_unique<Parser>()) {}
HttpResponseReader::~HttpResponseReader() = default;

tl::expected<void, std::string> HttpResponseReader::put(std::string_view bytes, std::string& body) {
  parser_->body = &body;
  const bool joined = !rest_.empty();
  if (joined) rest_.append(bytes);
  std::string_view input = joined ? std::string_view(rest_) : bytes;
  while (!input.empty() && !done()) {
    error_code error;
    const std::size_t read =
        parser_->put(boost::asio::const_buffer(input.data(), input.size()), error);
    input.remove_prefix(read);
    if (error == http::error::need_more) {
      error = {};
      if (read == 0) break;
    }
    if (error) {
      return tl::unexpected("the answer is no HTTP that we accept: " +
                            (parser_->refusal != nullptr ? std::string(parser_->refusal)
                                                         : error.message()));
    }
  }
  if (input.size() > kMaxHeader) {
    return tl::unexpected(std::string("the answer has a header or chunk header without end"));
  }
  rest_ = std::string(input);
  return {};
}

bool HttpResponseReader::head_done() const { return parser_->is_header_done(); }
bool HttpResponseReader::done() const { return parser_->is_done(); }
bool HttpResponseReader::keep_alive() const { return parser_->keep_alive() && rest_.empty(); }
const HttpHead& HttpResponseReader::head() const { return parser_->head; }

}  // namespace kube
