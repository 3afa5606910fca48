#include "kube/json_reader.h"

#include <limits>

#include "kube/byte_scan.h"

namespace kube {
namespace {

constexpr const char* kCutShort = "it is cut short";

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_high_surrogate(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

// -1: no hexadecimal digit.
int hex_value(char byte) {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// Four hexadecimal digits that have been checked.
unsigned code_unit(const char* digits) {
  unsigned unit = 0;
  for (int index = 0; index < 4; ++index) {
    unit = unit * 16 + static_cast<unsigned>(hex_value(digits[index]));
  }
  return unit;
}

void append_utf8(std::string& text, unsigned point) {
  const auto put = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

char unescaped_letter(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

// What a lead byte asks of its sequence (Unicode, table 3-7): how many bytes follow, and which the
// first of them may be. None follow a byte that leads nothing.
struct Sequence {
  unsigned following = 0;
  unsigned char lowest = 0x80;
  unsigned char highest = 0xbf;
};

Sequence sequence_of(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {.following = 1};
  if (lead == 0xe0) return {.following = 2, .lowest = 0xa0};
  if (lead == 0xed) return {.following = 2, .highest = 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return {.following = 2};
  if (lead == 0xf0) return {.following = 3, .lowest = 0x90};
  if (lead >= 0xf1 && lead <= 0xf3) return {.following = 3};
  if (lead == 0xf4) return {.following = 3, .highest = 0x8f};
  return {};
}

}  // namespace

bool JsonReader::fail(const char* why) {
  if (error_ == nullptr) error_ = why;
  return false;
}

void JsonReader::pass_space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

bool JsonReader::pass(char byte, const char* why) {
  pass_space();
  if (at_ == end_) return fail(kCutShort);
  if (*at_ != byte) return fail(why);
  ++at_;
  return true;
}

JsonReader::Token JsonReader::next() {
  if (error_ != nullptr) return Token::kError;
  pass_space();
  if (at_ == end_) return fail(kCutShort), Token::kError;
  switch (*at_) {
    case '"':
      ++at_;
      return Token::kText;
    case '{':
      return begin(Token::kObject);
    case '[':
      return begin(Token::kList);
    case 't':
      return literal("true", Token::kTrue);
    case 'f':
      return literal("false", Token::kFalse);
    case 'n':
      return literal("null", Token::kNull);
    default:
      return number();
  }
}

JsonReader::Token JsonReader::begin(Token token) {
  if (++depth_ > kMaxDepth) return fail("it is nested too deep"), Token::kError;
  ++at_;
  first_ = true;
  return token;
}

JsonReader::Token JsonReader::literal(std::string_view text, Token token) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text)) {
    return fail("no value"), Token::kError;
  }
  at_ += text.size();
  return token;
}

JsonReader::Token JsonReader::number() {
  const bool negative = *at_ == '-';
  if (negative) ++at_;
  if (at_ == end_ || !is_digit(*at_)) return fail("no value"), Token::kError;
  const char* first = at_;
  static_cast<void>(digits());
  if (*first == '0' && at_ - first > 1) return fail("a number with leading zeros"), Token::kError;
  const char* last = at_;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return Token::kError;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return Token::kError;
  }
  if (at_ != last || last - first > std::numeric_limits<std::int64_t>::digits10) {
    return Token::kOtherNumber;
  }
  whole_ = 0;
  for (; first != last; ++first) whole_ = whole_ * 10 + (*first - '0');
  if (negative) whole_ = -whole_;
  return Token::kWhole;
}

bool JsonReader::digits() {
  const char* first = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return at_ != first || fail("a number without digits");
}

// To the next member of an object or element of a list, behind the comma; false: `end`, or an
// error.
bool JsonReader::next_member(char end) {
  pass_space();
  if (at_ == end_) return fail(kCutShort);
  if (*at_ == end) {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && *at_ != ',') return fail("a comma is missing");
  if (!first_) ++at_;
  first_ = false;
  return true;
}

bool JsonReader::next_element() { return error_ == nullptr && next_member(']'); }

bool JsonReader::begin_key() {
  return error_ == nullptr && next_member('}') && pass('"', "a key is missing");
}

bool JsonReader::next_key(std::string_view& key) {
  return begin_key() && read_text(key) && pass(':', "a colon is missing");
}

bool JsonReader::skip(Token token) {
  switch (token) {
    case Token::kText:
      return pass_text();
    case Token::kObject:
      while (begin_key() && pass_text() && pass(':', "a colon is missing") && skip(next())) {
      }
      return error_ == nullptr;
    case Token::kList:
      while (next_element() && skip(next())) {
      }
      return error_ == nullptr;
    case Token::kError:
      return false;
    default:
      return true;
  }
}

bool JsonReader::at_end() {
  pass_space();
  return at_ == end_ || fail("more than one value");
}

bool JsonReader::read_text(std::string_view& text) {
  const char* first = at_;
  if (!pass_text()) return false;
  text = {first, static_cast<std::size_t>(at_ - first) - 1};
  if (escaped_) text = unescaped(text);
  return true;
}

// From inside of the quotes to behind them.
bool JsonReader::pass_text() {
  escaped_ = false;
  for (;;) {
    at_ = byte_scan::plain_text_end(at_, end_);
    if (at_ == end_) return fail(kCutShort);
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"') {
      ++at_;
      return true;
    }
    if (byte < 0x20) return fail("a control character in a text");
    escaped_ = escaped_ || byte == '\\';
    if (byte == '\\' ? !pass_escape() : !pass_utf8()) return false;
  }
}

bool JsonReader::pass_escape() {
  if (end_ - at_ < 2) return fail(kCutShort);
  const char letter = at_[1];
  if (letter == 'u') return pass_unicode_escape();
  if (std::string_view("\"\\/bfnrt").find(letter) == std::string_view::npos) {
    return fail("an unknown escape");
  }
  at_ += 2;
  return true;
}

// Half a surrogate pair is no character.
bool JsonReader::pass_unicode_escape() {
  unsigned high = 0;
  unsigned low = 0;
  if (!pass_code_unit(high)) return false;
  if (is_low_surrogate(high)) return fail("half a surrogate pair");
  if (!is_high_surrogate(high)) return true;
  return pass_code_unit(low) && (is_low_surrogate(low) || fail("half a surrogate pair"));
}

bool JsonReader::pass_code_unit(unsigned& unit) {
  if (end_ - at_ < 6) return fail(kCutShort);
  if (at_[0] != '\\' || at_[1] != 'u') return fail("half a surrogate pair");
  for (int index = 2; index < 6; ++index) {
    if (hex_value(at_[index]) < 0) return fail("an unknown escape");
  }
  unit = code_unit(at_ + 2);
  at_ += 6;
  return true;
}

bool JsonReader::pass_utf8() {
  constexpr const char* kNoUtf8 = "a text that is not UTF-8";
  const Sequence sequence = sequence_of(static_cast<unsigned char>(*at_));
  if (sequence.following == 0) return fail(kNoUtf8);
  if (end_ - at_ <= static_cast<std::ptrdiff_t>(sequence.following)) return fail(kCutShort);
  const auto second = static_cast<unsigned char>(at_[1]);
  if (second < sequence.lowest || second > sequence.highest) return fail(kNoUtf8);
  for (unsigned index = 2; index <= sequence.following; ++index) {
    if ((static_cast<unsigned char>(at_[index]) & 0xc0U) != 0x80) return fail(kNoUtf8);
  }
  at_ += sequence.following + 1;
  return true;
}

// REQUIRES: pass_text() has accepted it.
std::string_view JsonReader::unescaped(std::string_view text) {
  unescaped_.clear();
  while (!text.empty()) {
    const std::size_t plain = text.find('\\');
    unescaped_.append(text.substr(0, plain));
    if (plain == std::string_view::npos) break;
    text.remove_prefix(plain);
    if (text[1] != 'u') {
      unescaped_ += unescaped_letter(text[1]);
      text.remove_prefix(2);
      continue;
    }
    unsigned point = code_unit(text.data() + 2);
    text.remove_prefix(6);
    if (is_high_surrogate(point)) {
      point = 0x10000 + ((point - 0xd800) << 10) + (code_unit(text.data() + 2) - 0xdc00);
      text.remove_prefix(6);
    }
    append_utf8(unescaped_, point);
  }
  return unescaped_;
}

}  // namespace kube
