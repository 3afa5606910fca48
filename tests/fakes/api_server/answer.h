// HTTP answers as bytes: what the fake API server says, and what it says wrongly on purpose.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fakes {

// Whole answers, head and body.
[[nodiscard]] std::string json_answer(unsigned code, std::string_view body,
                                      std::string_view more_headers = {});
[[nodiscard]] std::string status_answer(unsigned code, std::string_view reason,
                                        std::string_view message,
                                        std::optional<std::chrono::seconds> retry_after = {});

// What is no resource at all: the one refusal that is no Status.
[[nodiscard]] std::string unknown_path_answer();

// 200, compressed.
[[nodiscard]] std::string gzip_answer(std::string_view body);
[[nodiscard]] std::string gzip(std::string_view text);

// The head of an answer that goes on in chunks; chunk("") ends it.
[[nodiscard]] std::string chunked_head();
[[nodiscard]] std::string chunk(std::string_view bytes);

// meta/v1 Status. `details`: a JSON object; empty: none.
[[nodiscard]] std::string status_json(unsigned code, std::string_view reason,
                                      std::string_view message, std::string_view details = {});

}  // namespace fakes
