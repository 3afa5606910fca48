#include "kube/json_paths.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <stdexcept>

#include "kube/json_stream.h"

// Misuse of RapidJSON is undefined behaviour in release builds unless its assertion throws.
#define RAPIDJSON_ASSERT(condition) \
  if (!(condition)) throw std::logic_error("RapidJSON: " #condition)
#include <rapidjson/error/en.h>
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
  Walker(JsonStream& stream, const JsonPlace& root, void* target)
      : stream_(stream), root_(root), target_(target) {}

  // The names are RapidJSON's.
  // NOLINTBEGIN(readability-identifier-naming)
  bool Null() { return next(), true; }
  bool Bool(bool value);
  bool RawNumber(const char*, rapidjson::SizeType size, bool);
  bool String(const char*, rapidjson::SizeType, bool);
  bool Key(const char*, rapidjson::SizeType, bool);
  // Never called, since numbers come raw.
  static bool Int(int) { return false; }
  static bool Uint(unsigned) { return false; }
  static bool Int64(std::int64_t) { return false; }
  static bool Uint64(std::uint64_t) { return false; }
  static bool Double(double) { return false; }
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
  bool is(const JsonPlace& place, Kind found);
  bool taken(Complaint complaint, const std::string& value);
  bool refuse(std::string reason);
  [[nodiscard]] void* target() const { return size_ == 0 ? target_ : frames_[size_ - 1].target; }
  [[nodiscard]] std::string field() const;

  JsonStream& stream_;
  const JsonPlace& root_;
  void* target_;
  std::array<Frame, 16> frames_;  // the known places we are in; a schema is never as deep
  std::size_t size_ = 0;
  std::size_t depth_ = 0;    // of the document
  std::size_t skipped_ = 0;  // depth inside of a value that nobody expects
  JsonError error_;
};

// Where a value belongs that ends, or that opens, now; nullptr: nowhere.
const JsonPlace* Walker::next() {
  if (skipped_ > 0) return nullptr;
  if (size_ == 0) return &root_;
  stream_.want_texts(true);
  Frame& frame = frames_[size_ - 1];
  if (frame.place->kind == Kind::kList) {
    ++frame.current;
    return &frame.place->fields.front().place;
  }
  return frame.known ? &frame.place->fields[frame.current].place : nullptr;
}

bool Walker::Key(const char*, rapidjson::SizeType, bool) {
  if (skipped_ > 0) return true;
  Frame& frame = frames_[size_ - 1];
  const std::vector<JsonPlace::Field>& fields = frame.place->fields;
  const std::string_view key = stream_.text();
  std::size_t index = 0;
  while (index < fields.size() && fields[index].key != key) ++index;
  frame.known = index < fields.size();
  stream_.want_texts(frame.known);
  if (!frame.known) return true;
  frame.current = index;
  const std::uint64_t bit = std::uint64_t{1} << index;
  if ((frame.seen & bit) != 0) return refuse("appears twice");
  frame.seen |= bit;
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
    stream_.want_texts(false);
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
  if (skipped_ == 0) {
    --size_;
  } else if (--skipped_ == 0) {
    stream_.want_texts(true);
  }
  return true;
}

bool Walker::Bool(bool value) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  return is(*place, Kind::kFlag) &&
         taken(place->take_flag(target(), value), value ? "true" : "false");
}

bool Walker::RawNumber(const char*, rapidjson::SizeType size, bool) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  const std::string_view number = stream_.last(size);
  const char* end = number.data() + number.size();
  std::int64_t value = 0;
  const auto [read, error] = std::from_chars(number.data(), end, value);
  if (error != std::errc() || read != end) {
    return refuse("is a number that is not whole or out of range");
  }
  if (!is(*place, Kind::kNumber)) return false;
  const Complaint complaint = place->take_number(target(), value);
  return complaint == nullptr || taken(complaint, std::to_string(value));
}

bool Walker::String(const char*, rapidjson::SizeType, bool) {
  const JsonPlace* place = next();
  if (place == nullptr) return true;
  if (!is(*place, Kind::kText)) return false;
  const std::string_view value = stream_.text();
  if (value.size() > kMaxText) return refuse(fmt::format("is longer than {} bytes", kMaxText));
  if (stream_.has_half_pair()) return refuse("holds half of a surrogate pair");
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

// Numbers stay text, because RapidJSON 1.1.0 adds exponents without looking for an overflow.
tl::expected<void, JsonError> read_json(std::string_view json, const JsonPlace& root,
                                        void* target) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  // Room for RapidJSON's stack, eight bytes a level, so that reading allocates nothing.
  alignas(std::max_align_t) std::array<char, 2048> room;
  rapidjson::MemoryPoolAllocator<> pool(room.data(), room.size());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<>>
      reader(&pool, 1024);
  JsonStream stream(json);
  Walker walker(stream, root, target);
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, walker);
  if (result.IsError()) {
    if (result.Code() == rapidjson::kParseErrorTermination) return tl::unexpected(walker.error());
    return tl::unexpected(JsonError{
        .field = {},
        .reason = fmt::format("is no JSON: {} (byte {})",
                              rapidjson::GetParseError_En(result.Code()), result.Offset())});
  }
  // The stream shows its end as a NUL byte, so a NUL byte in the text would pass for the end.
  if (stream.Tell() != json.size()) {
    return tl::unexpected(JsonError{.field = {}, .reason = "is no JSON: a NUL byte"});
  }
  return {};
}

}  // namespace kube::detail
