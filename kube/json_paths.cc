#include "kube/json_paths.h"

#include <fmt/format.h>

#include <cstddef>

#include "kube/json_reader.h"

namespace kube::detail {
namespace {

using Kind = JsonPlace::Kind;
using Token = JsonReader::Token;

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

// Reads a document along the expected places: one call for each value that is expected, so that the
// way back out of a refusal is the path of its field.
class Walker {
 public:
  explicit Walker(std::string_view json) : reader_(json) {}

  [[nodiscard]] tl::expected<void, JsonError> read_document(const JsonPlace& root, void* target);

 private:
  // False, here and below: refused, or no JSON.
  bool read(const JsonPlace& place, void* target);
  bool read_object(const JsonPlace& place, void* target);
  bool read_members(const JsonPlace& place, void* target);
  bool read_list(const JsonPlace& place, void* target);
  bool read_text(const JsonPlace& place, void* target);
  bool read_number(const JsonPlace& place, void* target);
  bool read_flag(const JsonPlace& place, void* target, bool value);
  bool is(const JsonPlace& place, Kind found);
  bool taken(Complaint complaint, const std::string& value);
  bool refuse(std::string reason);
  bool refused_at(std::string_view key);
  bool finished() const { return reader_.error() == nullptr; }

  JsonReader reader_;
  JsonError error_;  // a refusal; what is no JSON the reader knows
};

tl::expected<void, JsonError> Walker::read_document(const JsonPlace& root, void* target) {
  if (read(root, target) && reader_.at_end()) return {};
  if (reader_.error() == nullptr) return tl::unexpected(std::move(error_));
  if (reader_.too_deep()) {
    error_.reason = fmt::format("is nested deeper than {}", JsonReader::kMaxDepth);
    return tl::unexpected(std::move(error_));
  }
  return tl::unexpected(JsonError{
      .field = {},
      .reason = fmt::format("is no JSON: {} (byte {})", reader_.error(), reader_.offset())});
}

bool Walker::read(const JsonPlace& place, void* target) {
  switch (reader_.next()) {
    case Token::kObject:
      return read_object(place, target);
    case Token::kList:
      return is(place, Kind::kList) && read_list(place, target);
    case Token::kText:
      return is(place, Kind::kText) && read_text(place, target);
    case Token::kWhole:
      return is(place, Kind::kNumber) && read_number(place, target);
    case Token::kOtherNumber:
      return refuse("is a number that is not whole or out of range");
    case Token::kTrue:
      return read_flag(place, target, true);
    case Token::kFalse:
      return read_flag(place, target, false);
    case Token::kNull:
      return true;
    case Token::kError:
      break;
  }
  return false;
}

bool Walker::read_object(const JsonPlace& place, void* target) {
  if (!is(place, Kind::kObject)) return false;
  if (place.kind != Kind::kChoice) return read_members(place, target);
  const JsonPlace::Chosen chosen = place.choose(target);
  return chosen.place == nullptr ? reader_.skip(Token::kObject)
                                 : read_members(*chosen.place, chosen.target);
}

bool Walker::read_members(const JsonPlace& place, void* target) {
  if (place.enter != nullptr) target = place.enter(target);
  if (target == nullptr) return refuse("is one more than is allowed");
  const std::vector<JsonPlace::Field>& fields = place.fields;
  std::uint64_t seen = 0;  // one bit for each field that has appeared
  std::string_view key;
  while (reader_.next_key(key)) {
    std::size_t index = 0;
    while (index < fields.size() && fields[index].key != key) ++index;
    if (index == fields.size()) {
      if (!reader_.skip(reader_.next())) return false;
      continue;
    }
    const std::uint64_t bit = std::uint64_t{1} << index;
    if ((seen & bit) != 0) return refuse("appears twice"), refused_at(fields[index].key);
    seen |= bit;
    if (!read(fields[index].place, target)) return refused_at(fields[index].key);
  }
  return finished();
}

bool Walker::read_list(const JsonPlace& place, void* target) {
  const JsonPlace& element = place.fields.front().place;
  for (std::size_t index = 0; reader_.next_element(); ++index) {
    if (!read(element, target)) return refused_at(fmt::format("[{}]", index));
  }
  return finished();
}

bool Walker::read_text(const JsonPlace& place, void* target) {
  std::string_view value;
  if (!reader_.read_text(value)) return false;
  if (value.size() > kMaxText) return refuse(fmt::format("is longer than {} bytes", kMaxText));
  const Complaint complaint = place.take_text(target, value);
  return complaint == nullptr || taken(complaint, quoted(value));
}

bool Walker::read_number(const JsonPlace& place, void* target) {
  const Complaint complaint = place.take_number(target, reader_.whole());
  return complaint == nullptr || taken(complaint, std::to_string(reader_.whole()));
}

bool Walker::read_flag(const JsonPlace& place, void* target, bool value) {
  return is(place, Kind::kFlag) && taken(place.take_flag(target, value), value ? "true" : "false");
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
  error_.reason = std::move(reason);
  return false;
}

// On the way out: `key` is where the refused value stands, in front of what is known of its path.
bool Walker::refused_at(std::string_view key) {
  const bool joined = error_.field.empty() || error_.field.front() == '[';
  error_.field = fmt::format("{}{}{}", key, joined ? "" : ".", error_.field);
  return false;
}

}  // namespace

tl::expected<void, JsonError> read_json(std::string_view json, const JsonPlace& root,
                                        void* target) {
  return Walker(json).read_document(root, target);
}

}  // namespace kube::detail
