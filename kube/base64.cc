#include "kube/base64.h"

#include <cstdint>

namespace kube {

std::optional<std::string> base64_decoded(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  std::uint32_t bits = 0;
  unsigned count = 0;  // of bits that wait
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char byte : text) {
    if (byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t') continue;
    ++characters;
    if (byte == '=') {
      ++padding;
      continue;
    }
    const auto value = kAlphabet.find(byte);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded.push_back(static_cast<char>((bits >> count) & 0xffU));
  }
  if (characters % 4 != 0 || padding > 2) return std::nullopt;
  return decoded;
}

}  // namespace kube
