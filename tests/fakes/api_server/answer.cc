#include "tests/fakes/api_server/answer.h"

#include <fmt/format.h>

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

std::string chunked_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string status_json(unsigned code, std::string_view reason, std::string_view message) {
  return fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"{}","message":"{}",)"
      R"("reason":"{}","code":{}}})",
      code < 400 ? "Success" : "Failure", message, reason, code);
}

}  // namespace fakes
