// One HTTP/1.1 answer, read from bytes that may be cut anywhere: its head, and its body in pieces.
//
// Stricter than HTTP asks, because an API server needs none of it: chunk extensions and trailers,
// 1xx answers, bodies whose end only the end of the connection would show (a cut could not be told
// from an end), and any Content-Encoding that was not asked for are refused. Headers are capped at
// 64 KiB. No socket; any thread. Heads are parsed by Beast, chunks by chunk_reader.h.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/chunk_reader.h"

namespace kube {

struct HttpHead {
  unsigned status = 0;
  std::string location;
  bool gzip = false;  // the body is compressed
  std::optional<std::chrono::seconds> retry_after;
};

class HttpResponseReader {
 public:
  // Whether the request said that the body may come as gzip.
  explicit HttpResponseReader(bool gzip_asked = false);
  ~HttpResponseReader();

  // Reads on; appends what belongs to the body to `body`. The error is for a person, and final.
  [[nodiscard]] tl::expected<void, std::string> put(std::string_view bytes, std::string& body);

  [[nodiscard]] bool head_done() const;
  // The whole answer has been read, to its last chunk.
  [[nodiscard]] bool done() const;
  // The connection may carry another request. REQUIRES: done().
  [[nodiscard]] bool keep_alive() const;
  // REQUIRES: head_done().
  [[nodiscard]] const HttpHead& head() const;

 private:
  class HeadParser;

  [[nodiscard]] tl::expected<void, std::string> put_head(std::string_view bytes);
  [[nodiscard]] tl::expected<std::size_t, std::string> put_body(std::string_view bytes,
                                                                std::string& body);

  std::unique_ptr<HeadParser> parser_;
  std::string rest_;      // the head, as far as it has come; then what came behind it
  bool surplus_ = false;  // bytes came behind the answer's end
  bool chunked_ = false;
  ChunkReader chunks_;
  std::uint64_t length_left_ = 0;  // of a body with a length
};

}  // namespace kube
