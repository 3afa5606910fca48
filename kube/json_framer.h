// A byte stream, cut anywhere, into complete JSON objects.
//
// JsonScanner only counts: depth and whether we are inside a string. Whether the text between two
// braces is JSON is the decoder's business (json_paths.h). JsonFramer cuts a stream of objects, as
// a watch sends them; ListFramer cuts the elements out of the "items" of one List, so that a page
// is never held as a whole. Both own a cap per value: what is larger or deeper is drained to its
// end and reported with its first bytes. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kube {

// Depth and string state of a JSON text.
class JsonScanner {
 public:
  // Reads one byte.
  void step(char byte);
  // Reads to where the depth is zero again, else all; returns how many bytes. At least one.
  std::size_t run(std::string_view bytes);

  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] std::size_t deepest() const { return deepest_; }  // since depth was zero
  [[nodiscard]] bool in_string() const { return in_string_; }

 private:
  std::size_t depth_ = 0;
  std::size_t deepest_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

struct FrameLimits {
  std::size_t size = std::size_t{16} << 20;  // bytes of one value
  std::size_t depth = 64;                    // of nested objects and arrays
  std::size_t kept = std::size_t{64} << 10;  // first bytes of a refused value that are reported
};

struct Frame {
  enum class Kind { kValue, kTooLarge, kTooDeep, kGarbage };

  Kind kind = Kind::kValue;
  std::string_view text;  // the value, or its first bytes; valid until the framer's next call

  friend bool operator==(const Frame&, const Frame&) = default;
};

// Collects one value that may arrive in pieces; shared by the two framers.
class FrameBuffer {
 public:
  explicit FrameBuffer(FrameLimits limits) : limits_(limits) {}

  // Takes what belongs to the value from the front of `bytes` and returns how many bytes that was.
  // REQUIRES: the first byte of a new value is '{'.
  std::size_t take(std::string_view bytes);
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool empty() const { return !complete_ && scanner_.depth() == 0; }
  // The complete value. The next take() begins a new one.
  [[nodiscard]] Frame release();

 private:
  void keep(std::string_view piece);
  void append(std::string_view piece);

  FrameLimits limits_;
  JsonScanner scanner_;
  Frame::Kind kind_ = Frame::Kind::kValue;
  bool complete_ = false;
  std::vector<char> kept_;  // not a string, which doubles its room whatever is reserved
  std::string_view whole_;  // the value when it came in one piece: not copied
  std::size_t size_ = 0;
};

class JsonFramer {
 public:
  explicit JsonFramer(FrameLimits limits = {}) : buffer_(limits) {}

  // The next bytes of the stream; they must live until next() has returned nothing.
  // REQUIRES: next() has returned nothing since the last append().
  void append(std::string_view bytes) { input_ = bytes; }
  // The next complete value, or nothing until more bytes are appended. Garbage between values is
  // reported for ever after: nothing behind it can be trusted.
  [[nodiscard]] std::optional<Frame> next();
  // No value is half-read.
  [[nodiscard]] bool at_boundary() const { return buffer_.empty() && !garbage_; }

 private:
  FrameBuffer buffer_;
  std::string_view input_;
  bool garbage_ = false;
};

class ListFramer {
 public:
  explicit ListFramer(FrameLimits limits = {}) : limits_(limits), item_(limits) {}

  // As JsonFramer's; the frames are the elements of the top-level array "items".
  void append(std::string_view bytes) { input_ = bytes; }
  [[nodiscard]] std::optional<Frame> next();
  // The List has been read to its closing brace.
  [[nodiscard]] bool complete() const { return complete_; }
  // The List with "items" emptied: kind and metadata. REQUIRES: complete().
  [[nodiscard]] const std::string& envelope() const { return envelope_; }

 private:
  [[nodiscard]] std::optional<Frame> next_item();
  [[nodiscard]] Frame fail();
  void step_envelope(char byte);

  FrameLimits limits_;
  FrameBuffer item_;
  JsonScanner scanner_;
  std::string envelope_;
  std::string last_string_;  // the last string seen at depth 1: a key, if a ':' follows
  std::string_view input_;
  bool in_items_ = false;
  bool complete_ = false;
  bool garbage_ = false;
};

}  // namespace kube
