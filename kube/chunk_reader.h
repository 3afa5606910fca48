// The chunked transfer coding (RFC 9112 section 7.1) without chunk extensions and trailers, which
// API servers do not send. Bytes may be cut anywhere. Pure; any thread.
//
// Own code, because Beast 1.81 ends the process (BOOST_ASSERT in parse_chunk_header) when an answer
// without any chunk arrives cut inside its last line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace kube {

class ChunkReader {
 public:
  // Reads on, appends data to `body`, and returns how many bytes it has read: all, unless the last
  // chunk has ended before.
  [[nodiscard]] tl::expected<std::size_t, std::string> put(std::string_view bytes,
                                                           std::string& body);
  // The last chunk has been read.
  [[nodiscard]] bool done() const { return state_ == State::kDone; }

 private:
  // What is expected next.
  enum class State : std::uint8_t {
    kSize,
    kSizeLineFeed,
    kData,
    kDataReturn,
    kDataLineFeed,
    kLastReturn,
    kLastLineFeed,
    kDone
  };

  [[nodiscard]] const char* step(char byte);
  [[nodiscard]] const char* step_size(char byte);

  State state_ = State::kSize;
  unsigned digits_ = 0;     // of the size, read so far
  std::uint64_t left_ = 0;  // the size; then how much of the data is missing
};

}  // namespace kube
