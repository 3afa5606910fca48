// The text inside of gzip bytes that may be cut anywhere, in pieces of bounded size.
//
// A few bytes can unfold into very many, so no piece is larger than 64 KiB whatever came in, and a
// whole answer ends at a limit. Truth: RFC 1952 by way of zlib; one member, nothing behind it.
// Pure; any thread. The only user of zlib.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace kube {

class GzipReader {
 public:
  static constexpr std::uint64_t kMaxText = std::uint64_t{1} << 30;  // of a whole answer

  explicit GzipReader(std::uint64_t max_text = kMaxText);
  ~GzipReader();

  // Takes from the front of `bytes`, and puts the next piece into `text`, in place of what was
  // there. An empty piece: all bytes are taken, and more are needed or done(). The error is for a
  // person, and final.
  [[nodiscard]] tl::expected<void, std::string> next(std::string_view& bytes, std::string& text);

  // The whole text has been read, and its checksum is right.
  [[nodiscard]] bool done() const { return done_; }

 private:
  struct Inflater;

  std::unique_ptr<Inflater> inflater_;
  std::uint64_t text_left_;
  bool done_ = false;
};

}  // namespace kube
