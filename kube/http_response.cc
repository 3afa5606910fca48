#include "kube/http_response.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

namespace kube {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

constexpr std::uint32_t kMaxHeader = 64U << 10U;
constexpr std::string_view kHeadBegin = "HTTP/1.";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

tl::unexpected<std::string> refused(const std::string& why) {
  return tl::unexpected("the answer is no HTTP that we accept: " + why);
}

}  // namespace

class HttpResponseReader::HeadParser final : public http::basic_parser<false> {
 public:
  explicit HeadParser(bool gzip_asked) : gzip_asked_(gzip_asked) {
    header_limit(kMaxHeader);
    body_limit(boost::none);
  }

  HttpHead head;
  const char* refusal = nullptr;  // in our words, when we have refused

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}

  void on_response_impl(int code, string_view, int, error_code& error) override {
    head.status = static_cast<unsigned>(code);
    if (code < 200) refuse("an interim answer (1xx) that was not asked for", error);
  }

  void on_field_impl(http::field name, string_view, string_view value, error_code& error) override {
    if (name == http::field::content_encoding) {
      set_encoding(value, error);
    } else if (name == http::field::location) {
      head.location.assign(value.data(), std::min<std::size_t>(value.size(), 256));
    } else if (name == http::field::retry_after) {
      set_retry_after(value);
    }
  }

  void on_header_impl(error_code& error) override {
    if (!chunked() && !content_length()) {
      refuse("neither a length nor chunks, so that its end cannot be seen", error);
    }
  }

  // Bodies are read by HttpResponseReader.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  void refuse(const char* why, error_code& error) {
    refusal = why;
    error = http::make_error_code(http::error::bad_value);
  }

  void set_encoding(string_view value, error_code& error) {
    head.gzip = value == "gzip" && gzip_asked_;
    if (!head.gzip && value != "identity") {
      refuse("a Content-Encoding that was not asked for", error);
    }
  }

  // Seconds; the other form, a date, would need a clock and is not used by API servers.
  void set_retry_after(string_view value) {
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size()) return;
    head.retry_after = std::chrono::seconds(std::min(seconds, 3600U));
  }

  bool gzip_asked_;
};

HttpResponseReader::HttpResponseReader(bool gzip_asked)
    : parser_(std::make_unique<HeadParser>(gzip_asked)) {}
HttpResponseReader::~HttpResponseReader() = default;

tl::expected<void, std::string> HttpResponseReader::put(std::string_view bytes, std::string& body) {
  if (!head_done()) {
    auto head = put_head(bytes);
    if (!head || !head_done()) return head;
    bytes = rest_;
  }
  const auto read = put_body(bytes, body);
  if (!read) return refused(read.error());
  surplus_ = surplus_ || *read < bytes.size();
  rest_.clear();
  return {};
}

// What follows the head is left in rest_. Beast sees the head once and whole: given in pieces, it
// would refuse a bad one sooner or later depending on the cuts.
tl::expected<void, std::string> HttpResponseReader::put_head(std::string_view bytes) {
  const std::size_t seen = rest_.size() - std::min(rest_.size(), kHeadEnd.size() - 1);
  rest_.append(bytes);
  const std::string_view begins = std::string_view(rest_).substr(0, kHeadBegin.size());
  if (!kHeadBegin.starts_with(begins)) return refused("it does not begin with HTTP/1");
  const std::size_t end = rest_.find(kHeadEnd, seen);
  const std::size_t size = end == std::string::npos ? rest_.size() : end + kHeadEnd.size();
  if (size > kMaxHeader) return refused("a head without end");
  if (end == std::string::npos) return {};
  error_code error;
  parser_->put(boost::asio::buffer(rest_.data(), size), error);
  if (error || !head_done()) {
    return refused(parser_->refusal != nullptr ? parser_->refusal : error.message());
  }
  rest_.erase(0, size);
  chunked_ = parser_->chunked();
  length_left_ = chunked_ ? 0 : parser_->content_length().value_or(0);
  return {};
}

tl::expected<std::size_t, std::string> HttpResponseReader::put_body(std::string_view bytes,
                                                                    std::string& body) {
  if (chunked_) return chunks_.put(bytes, body);
  const auto size = std::min<std::uint64_t>(length_left_, bytes.size());
  body.append(bytes.substr(0, size));
  length_left_ -= size;
  return size;
}

bool HttpResponseReader::head_done() const { return parser_->is_header_done(); }
bool HttpResponseReader::done() const {
  return head_done() && (chunked_ ? chunks_.done() : length_left_ == 0);
}
bool HttpResponseReader::keep_alive() const { return parser_->keep_alive() && !surplus_; }
const HttpHead& HttpResponseReader::head() const { return parser_->head; }

}  // namespace kube
