#include "tests/fakes/api_server/answer.h"

#include <fmt/core.h>
#include <zlib.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <new>

namespace fakes {

std::string json_answer(unsigned code, std::string_view body, std::string_view more_headers) {
  return fmt::format(
      "HTTP/1.1 {} Answer\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
      code, more_headers, body.size(), body);
}

std::string status_answer(unsigned code, std::string_view reason, std::string_view message,
                          std::optional<std::chrono::seconds> retry_after) {
  const std::string header =
      retry_after ? fmt::format("Retry-After: {}\r\n", retry_after->count()) : "";
  return json_answer(code, status_json(code, reason, message), header);
}

std::string unknown_path_answer() {
  constexpr std::string_view kText = "404 page not found\n";
  return fmt::format(
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: {}\r\n\r\n{}",
      kText.size(), kText);
}

std::string gzip_answer(std::string_view body) {
  return json_answer(200, gzip(body), "Content-Encoding: gzip\r\n");
}

std::string gzip(std::string_view text) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string chunked_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string status_json(unsigned code, std::string_view reason, std::string_view message,
                        std::string_view details) {
  const boost::json::string text(boost::json::string_view(message.data(), message.size()));
  return fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"{}","message":{},)"
      R"("reason":"{}",{}"code":{}}})",
      code < 400 ? "Success" : "Failure", boost::json::serialize(text), reason,
      details.empty() ? "" : fmt::format("\"details\":{},", details), code);
}

}  // namespace fakes
