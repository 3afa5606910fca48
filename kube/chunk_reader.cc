#include "kube/chunk_reader.h"

#include <algorithm>

namespace kube {
namespace {

constexpr unsigned kMaxDigits = 15;  // a size that cannot overflow, with leading zeros

int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

}  // namespace

tl::expected<std::size_t, std::string> ChunkReader::put(std::string_view bytes, std::string& body) {
  std::size_t read = 0;
  while (read < bytes.size() && !done()) {
    if (state_ != State::kData) {
      if (const char* why = step(bytes[read++])) return tl::unexpected(std::string(why));
      continue;
    }
    const auto size = std::min<std::uint64_t>(left_, bytes.size() - read);
    body.append(bytes.substr(read, size));
    read += size;
    left_ -= size;
    if (left_ == 0) state_ = State::kDataReturn;
  }
  return read;
}

// One byte of what is not data; nullptr, or why it cannot be.
const char* ChunkReader::step(char byte) {
  const auto expect = [&](char expected, State next) {
    if (byte != expected) return "a chunk that does not end where it said";
    state_ = next;
    return static_cast<const char*>(nullptr);
  };
  switch (state_) {
    case State::kSize:
      return step_size(byte);
    case State::kSizeLineFeed:
      digits_ = 0;
      return expect('\n', left_ == 0 ? State::kLastReturn : State::kData);
    case State::kDataReturn:
      return expect('\r', State::kDataLineFeed);
    case State::kDataLineFeed:
      return expect('\n', State::kSize);
    case State::kLastReturn:
      if (byte != '\r') return "trailers after the last chunk";
      return expect('\r', State::kLastLineFeed);
    case State::kLastLineFeed:
      return expect('\n', State::kDone);
    case State::kData:
    case State::kDone:
      break;
  }
  return nullptr;
}

const char* ChunkReader::step_size(char byte) {
  if (const int value = hex_value(byte); value >= 0) {
    if (digits_ == 0) left_ = 0;
    if (++digits_ > kMaxDigits) return "a chunk without a believable size";
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
    return nullptr;
  }
  if (digits_ == 0) return "a chunk without a size";
  if (byte == ';') return "a chunk with extensions";
  if (byte != '\r') return "a chunk without a believable size";
  state_ = State::kSizeLineFeed;
  return nullptr;
}

}  // namespace kube
