#include "kube/json_framer.h"

#include <algorithm>

#include "kube/byte_scan.h"

namespace kube {
namespace {

// A buffer that one value has made larger than this is given back before the next one.
constexpr std::size_t kUsualValue = std::size_t{1} << 20;

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

}  // namespace

void JsonScanner::step(char byte) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (byte == '\\') {
      escaped_ = true;
    } else if (byte == '"') {
      in_string_ = false;
    }
    return;
  }
  if (byte == '"') {
    in_string_ = true;
  } else if (byte == '{' || byte == '[') {
    if (depth_ == 0) deepest_ = 0;
    deepest_ = std::max(deepest_, ++depth_);
  } else if ((byte == '}' || byte == ']') && depth_ > 0) {
    --depth_;
  }
}

std::size_t JsonScanner::run(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  do {
    if (in_string_ && !escaped_) at = byte_scan::string_stop(at, end);
    if (at != end) step(*at++);
  } while (depth_ > 0 && at != end);
  return static_cast<std::size_t>(at - bytes.data());
}

std::size_t FrameBuffer::take(std::string_view bytes) {
  const std::size_t read = scanner_.run(bytes);
  if (scanner_.deepest() > limits_.depth && kind_ == Frame::Kind::kValue) {
    kind_ = Frame::Kind::kTooDeep;
  }
  complete_ = scanner_.depth() == 0;
  keep(bytes.substr(0, read));
  return read;
}

void FrameBuffer::keep(std::string_view piece) {
  const bool first = size_ == 0;
  if (first && kept_.capacity() > kUsualValue) kept_ = {};
  if (first) kept_.clear();
  size_ += piece.size();
  if (size_ > limits_.size && kind_ == Frame::Kind::kValue) kind_ = Frame::Kind::kTooLarge;
  if (complete_ && first) {
    whole_ = kind_ == Frame::Kind::kValue ? piece : piece.substr(0, limits_.kept);
    return;
  }
  if (kind_ == Frame::Kind::kValue) {
    append(piece);
    return;
  }
  if (kept_.size() > limits_.kept) {
    kept_.resize(limits_.kept);
    kept_.shrink_to_fit();
  }
  append(piece.substr(0, limits_.kept - kept_.size()));
}

// From a quarter of the largest value on there is room for the whole of it: pages that nobody
// writes to cost nothing, and room that doubles would be held twice while it moves.
void FrameBuffer::append(std::string_view piece) {
  const std::size_t needed = kept_.size() + piece.size();
  if (needed > kept_.capacity()) {
    const std::size_t quarter = limits_.size / 4;
    const std::size_t doubled = std::min(2 * kept_.capacity(), quarter);
    kept_.reserve(needed > quarter ? limits_.size : std::max(needed, doubled));
  }
  kept_.insert(kept_.end(), piece.begin(), piece.end());
}

Frame FrameBuffer::release() {
  const Frame frame{
      .kind = kind_,
      .text = whole_.data() != nullptr ? whole_ : std::string_view(kept_.data(), kept_.size())};
  whole_ = {};
  size_ = 0;
  complete_ = false;
  kind_ = Frame::Kind::kValue;
  return frame;
}

std::optional<Frame> JsonFramer::next() {
  if (buffer_.empty()) {
    const auto begin = std::find_if_not(input_.begin(), input_.end(), is_space);
    input_.remove_prefix(static_cast<std::size_t>(begin - input_.begin()));
    garbage_ = garbage_ || (!input_.empty() && input_.front() != '{');
  }
  if (garbage_) return Frame{.kind = Frame::Kind::kGarbage, .text = input_.substr(0, 64)};
  if (input_.empty()) return std::nullopt;
  input_.remove_prefix(buffer_.take(input_));
  if (!buffer_.complete()) return std::nullopt;
  return buffer_.release();
}

std::optional<Frame> ListFramer::next() {
  if (garbage_) return fail();
  while (!input_.empty()) {
    if (in_items_) {
      auto item = next_item();
      if (item || in_items_) return item;
      continue;
    }
    const char byte = input_.front();
    const bool before = envelope_.empty();
    if ((complete_ || before) && is_space(byte)) {
      input_.remove_prefix(1);
      continue;
    }
    if (complete_ || (before && byte != '{') || envelope_.size() >= limits_.kept) return fail();
    input_.remove_prefix(1);
    step_envelope(byte);
  }
  return std::nullopt;
}

// Outside of the items. An array that follows the key "items" of the outermost object begins them.
void ListFramer::step_envelope(char byte) {
  const bool was_in_string = scanner_.in_string();
  scanner_.step(byte);
  envelope_.push_back(byte);
  if (scanner_.depth() == 1 && was_in_string && scanner_.in_string()) last_string_.push_back(byte);
  if (scanner_.depth() == 1 && !was_in_string && scanner_.in_string()) last_string_.clear();
  if (scanner_.depth() == 2 && byte == '[' && !scanner_.in_string() && last_string_ == "items") {
    in_items_ = true;
  }
  complete_ = scanner_.depth() == 0;
}

std::optional<Frame> ListFramer::next_item() {
  if (item_.empty()) {
    const auto begin = std::find_if_not(input_.begin(), input_.end(),
                                        [](char byte) { return is_space(byte) || byte == ','; });
    input_.remove_prefix(static_cast<std::size_t>(begin - input_.begin()));
    if (input_.empty()) return std::nullopt;
    if (input_.front() == ']') {
      in_items_ = false;
      last_string_.clear();
      return std::nullopt;
    }
    if (input_.front() != '{') return fail();
  }
  input_.remove_prefix(item_.take(input_));
  if (!item_.complete()) return std::nullopt;
  return item_.release();
}

Frame ListFramer::fail() {
  garbage_ = true;
  return {.kind = Frame::Kind::kGarbage, .text = input_.substr(0, 64)};
}

}  // namespace kube
