// One JSON text as the stream that RapidJSON reads from, in situ but without writing to it.
//
// Inside of a text the stream passes what is plain at eight bytes a step, so that RapidJSON looks
// at single bytes only where there is something to decide: an end, an escape, a control character,
// UTF-8. A plain text is a view into the JSON, any other is put together anew. RapidJSON's own room
// stays unused: the texts and numbers it hands out are empty, text() and last() have them.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kube/byte_scan.h"

namespace kube::detail {

class JsonStream {
 public:
  // The JSON must outlive the stream.
  explicit JsonStream(std::string_view json)
      : begin_(json.data()), at_(begin_), end_(begin_ + json.size()) {}

  // The text that was read last, if it was wanted; valid until the next one begins.
  [[nodiscard]] std::string_view text() const {
    return plain_ ? std::string_view(text_, plain_end_) : std::string_view(unfolded_);
  }
  // Whether text() holds half of a surrogate pair: an escape that RapidJSON lets pass.
  [[nodiscard]] bool has_half_pair() const;
  // The last `size` bytes that were read.
  [[nodiscard]] std::string_view last(std::size_t size) const { return {at_ - size, at_}; }
  // Whether the texts to come are wanted. Others are checked as well, but not put together.
  void want_texts(bool wanted) { wanted_ = wanted; }

  // RapidJSON's concept of a stream, and its names. The end of the stream looks like a NUL byte.
  // NOLINTBEGIN(readability-identifier-naming)
  using Ch = char;
  [[nodiscard]] char Peek() const { return at_ == end_ ? '\0' : *at_; }
  char Take() { return at_ == end_ ? '\0' : *at_++; }
  [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(at_ - begin_); }
  // Called behind the first quote of a text; and behind a number, which is over.
  char* PutBegin();
  void Put(char byte);
  // The NUL byte that ends every text.
  static std::size_t PutEnd(const char*) { return 1; }
  static void Flush() {}
  // NOLINTEND(readability-identifier-naming)

 private:
  void unfold(std::string_view bytes) {
    if (plain_) unfolded_.assign(text_, plain_end_);
    plain_ = false;
    unfolded_ += bytes;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* text_ = nullptr;       // where the text began
  const char* plain_end_ = nullptr;  // up to where it is plain
  bool plain_ = true;                // as a whole, as far as it was wanted
  bool wanted_ = true;
  std::string unfolded_;
};

inline char* JsonStream::PutBegin() {
  if (at_[-1] == '"') {
    text_ = at_;
    at_ = plain_end_ = byte_scan::plain_text_end(at_, end_);
    plain_ = true;
  }
  return nullptr;
}

// After an ASCII character, never inside of a sequence of UTF-8, the plain bytes that follow are
// passed with it.
inline void JsonStream::Put(char byte) {
  const bool closes = byte == '\0' && at_[-1] == '"';
  if (closes) return;
  if (wanted_) unfold({&byte, 1});
  if (static_cast<unsigned char>(byte) >= 0x80) return;
  const char* first = at_;
  at_ = byte_scan::plain_text_end(at_, end_);
  if (wanted_) unfolded_.append(first, at_);
}

// The encoding has been checked, so a surrogate can only have come from an escape.
inline bool JsonStream::has_half_pair() const {
  if (plain_) return false;
  for (std::size_t at = unfolded_.find('\xed'); at != std::string::npos;
       at = unfolded_.find('\xed', at + 1)) {
    if (static_cast<unsigned char>(unfolded_[at + 1]) >= 0xa0) return true;
  }
  return false;
}

}  // namespace kube::detail
