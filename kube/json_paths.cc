#include "kube/json_paths.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstddef>
#include <stdexcept>

// Misuse of RapidJSON is undefined behaviour in release builds unless its assertion throws.
#define RAPIDJSON_ASSERT(condition) \
  if (!(condition)) throw std::logic_error("RapidJSON: " #condition)
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace kube::detail {
namespace {

using Kind = JsonPlace::Kind;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxText = std::size_t{64} << 10;
constexpr std::size_t kMaxShown = 64;  // bytes of a refused text that a reason quotes

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a string";
    case Kind::kNumber:
      return "a whole number";
    case Kind::kFlag:
      return "true or false";
    case Kind::kObject:
    case Kind::kChoice:
      return "an object";
    case Kind::kList:
      return "a list";
  }
  return "something else";
}

// A refused text as a person may see it: cut, and without control characters.
std::string quoted(std::string_view text) {
  std::string shown = "\"";
  for (const char byte : text.substr(0, kMaxShown)) {
    shown += static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f ? '?' : byte;
  }
  return shown + (text.size() > kMaxShown ? "…\"" : "\"");
}

// Follows a document along the expected places. Every function that RapidJSON calls returns false
// to end the reading; error() then says why.
class Walker {
 public:
  Walker(const JsonPlace& root, void* target) : root_(root), target_(target) {}

  // The names are RapidJSON's.
  // NOLINTBEGIN(readability-identifier-naming)
  bool Null() { return next(), true; }
  bool Bool(bool value);
  bool Int(int value) { return whole_number(value); }
  bool Uint(unsigned value) { return whole_number(value); }
  bool Int64(std::int64_t value) { return whole_number(value); }
  bool Uint64(std::uint64_t value);
  bool Double(double) { return other_number(); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return other_number(); }
  bool String(const char* text, rapidjson::SizeType size, bool);
  bool Key(const char* key, rapidjson::SizeType size, bool);
  bool StartObject() { return open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(Kind::kList); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // NOLINTEND(readability-identifier-naming)

  [[nodiscard]] const JsonError& error() const { return error_; }

 private:
  struct Frame {
    const JsonPlace* place = nullptr;
    void* target = nullptr;
    std::uint64_t seen = 0;   // one bit for each known key that has appeared
    std::size_t current = 0;  // an object's field; a list's count of elements
    bool known = false;       // the current key is one of the fields
  };

  const JsonPlace* next();
  bool open(Kind found);
  bool close();
  bool whole_number(std::int64_t value);
  bool other_number();
  bool is(const JsonPlace& place, Kind found);
  bool taken(Complaint complaint, const std::string& value);
  bool refuse(std::string reason);
  [[nodiscard]] void* target() const { return size_ == 0 ? target_ : frames_[size_ - 1].target; }
  [[nodiscard]] std::string field() const;

  const JsonPlace& root_;
  void* target_;
  std::array<Frame, 16> frames_;  // the known places we are in; a schema is never as deep
  std::size_t size_ = 0;
  std::size_t depth_ = 0;    // of the document
  std::size_t skipped_ = 0;  // depth inside of a value that nobody expects
  JsonError error_;
};

// Where the value that begins now belongs; nullptr: nowhere.
const JsonPlace* Walker::next() {
  if (skipped_ > 0) return nullptr;
  if (size_ == 0) return &root_;
  Frame& frame = frames_[size_ - 1];
  if (frame.place->kind == Kind::kList) {
    ++frame.current;
    return &frame.place->fields.front().place;
  }
  return frame.known ? &frame.place->fields[frame.current].place : nullptr;
}

bool Walker::Key(const char* key, rapidjson::SizeType size, bool) {
  if (skipped_ > 0) return true;
  Frame& frame = frames_[size_ - 1];
  const std::string_view name(key, size);
  frame.known = false;
  for (std::size_t index = 0; index < frame.place->fields.size(); ++index) {
    if (frame.place->fields[index].key != name) continue;
    frame.current = index;
    frame.known = true;
    const std::uint64_t bit = std::uint64_t{1} << index;
    if ((frame.seen & bit) != 0) return refuse("appears twice");
    frame.seen |= bit;
    return true;
  }
  return true;
}

bool Walker::open(Kind found) {
  if (++depth_ > kMaxDepth) return refuse(fmt::format("is nested deeper than {}", kMaxDepth));
  const JsonPlace* place = next();
  void* inside = target();
  if (place != nullptr && place->kind == Kind::kChoice) {
    if (!is(*place, found)) return false;
    const JsonPlace::Chosen chosen = place->choose(inside);
    place = chosen.place;
    inside = chosen.target;
  }
  if (place == nullptr) {
    ++skipped_;
    return true;
  }
  if (!is(*place, found)) return false;
  if (place->enter != nullptr) inside = place->enter(inside);
  if (inside == nullptr) return refuse("is one more than is allowed");
  if (size_ == frames_.size()) throw std::logic_error("a JSON schema deeper than 16");
  frames_[size_++] = Frame{.place = place, .target = inside};
  return true;
}

bool Walker::close() {
  --depth_;
  if (skipped_ > 0) {
    --skipped_;
  } else {
    --size_;
  }
  return true;
}

bool Walker::Bool(bool value) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  return is(*place, Kind::kFlag) &&
         taken(place->take_flag(target(), value), value ? "true" : "false");
}

bool Walker::whole_number(std::int64_t value) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  if (!is(*place, Kind::kNumber)) return false;
  const Complaint complaint = place->take_number(target(), value);
  return complaint == nullptr || taken(complaint, std::to_string(value));
}

bool Walker::Uint64(std::uint64_t value) {
  return std::in_range<std::int64_t>(value) ? whole_number(static_cast<std::int64_t>(value))
                                            : other_number();
}

bool Walker::other_number() {
  return next() == nullptr || refuse("is a number that is not whole or out of range");
}

bool Walker::String(const char* text, rapidjson::SizeType size, bool) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  if (!is(*place, Kind::kText)) return false;
  if (size > kMaxText) return refuse(fmt::format("is longer than {} bytes", kMaxText));
  const std::string_view value(text, size);
  const Complaint complaint = place->take_text(target(), value);
  return complaint == nullptr || taken(complaint, quoted(value));
}

bool Walker::is(const JsonPlace& place, Kind found) {
  const Kind expected = place.kind == Kind::kChoice ? Kind::kObject : place.kind;
  return expected == found ||
         refuse(fmt::format("is {}, not {}", name_of(found), name_of(expected)));
}

bool Walker::taken(Complaint complaint, const std::string& value) {
  return complaint == nullptr || refuse(value + " " + complaint);
}

bool Walker::refuse(std::string reason) {
  error_ = {.field = field(), .reason = std::move(reason)};
  return false;
}

std::string Walker::field() const {
  std::string path;
  for (std::size_t index = 0; index < size_; ++index) {
    const Frame& frame = frames_[index];
    if (frame.place->kind == Kind::kList) {
      if (frame.current > 0) path += fmt::format("[{}]", frame.current - 1);
    } else if (frame.known) {
      path += path.empty() ? "" : ".";
      path += frame.place->fields[frame.current].key;
    }
  }
  return path;
}

}  // namespace

tl::expected<void, JsonError> read_json(std::string_view json, const JsonPlace& root,
                                        void* target) {
  // Room for the texts of an ordinary object, so that reading it allocates nothing.
  std::array<char, 8192> room;
  rapidjson::MemoryPoolAllocator<> pool(room.data(), room.size());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<>>
      reader(&pool, 1024);
  rapidjson::MemoryStream stream(json.data(), json.size());
  Walker walker(root, target);
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, walker);
  if (result.IsError()) {
    if (result.Code() == rapidjson::kParseErrorTermination) return tl::unexpected(walker.error());
    return tl::unexpected(JsonError{
        .field = {},
        .reason = fmt::format("is no JSON: {} (byte {})",
                              rapidjson::GetParseError_En(result.Code()), result.Offset())});
  }
  // MemoryStream shows its end as a NUL byte, so a NUL byte in the text would pass for the end.
  if (stream.Tell() != json.size()) {
    return tl::unexpected(JsonError{.field = {}, .reason = "is no JSON: a NUL byte"});
  }
  return {};
}

}  // namespace kube::detail
