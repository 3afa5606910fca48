#include "reconcile/json_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace reconcile {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// How many bytes the well-formed UTF-8 sequence at the front has (Unicode, table 3-7); 0: there is
// none.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2   ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
  const bool overlong = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
  const bool beyond = (first == 0xed && at(1) > 0x9f) || (first == 0xf4 && at(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

void add_character(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
  } else {
    out += c;
  }
}

// How many characters at the front stand for themselves.
std::size_t plain_length(std::string_view text) {
  const auto is_special = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte > 0x7e || c == '"' || c == '\\';
  };
  return static_cast<std::size_t>(std::ranges::find_if(text, is_special) - text.begin());
}

// Adds the character at the front, which does not stand for itself; how many bytes it has.
std::size_t add_special(std::string& out, std::string_view text) {
  const auto length = sequence_length(text);
  if (length == 1) {
    add_character(out, text.front());
  } else {
    out += length == 0 ? kReplacement : text.substr(0, length);
  }
  return std::max<std::size_t>(length, 1);
}

}  // namespace

void add_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto as_it_is = plain_length(text);
    out += text.substr(0, as_it_is);
    text.remove_prefix(as_it_is);
    if (!text.empty()) text.remove_prefix(add_special(out, text));
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  add_json_string(out, text);
  return out;
}

}  // namespace reconcile
