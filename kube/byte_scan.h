// Eight bytes at a time: where a string of JSON stops being plain.
//
// Each test sets the top bit of the bytes that it is true of. A borrow can set bits above the
// lowest one that is right, never below it, so the first is exact. Truth: "Bit Twiddling Hacks",
// "Determine if a word has a byte less than n". Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kube::byte_scan {

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest one");

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kTops = 0x8080808080808080U;

constexpr std::uint64_t equal(std::uint64_t word, unsigned char byte) {
  const std::uint64_t zero = word ^ (kOnes * byte);
  return (zero - kOnes) & ~zero & kTops;
}
constexpr std::uint64_t control(std::uint64_t word) {
  return (word - kOnes * 0x20) & ~word & kTops;
}

// The first byte from `at` on for which `stops` (of a word, and of a byte) holds, or `end`.
template <class Stops>
const char* find(const char* at, const char* end, Stops stops) {
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if (const std::uint64_t found = stops(word)) return at + std::countr_zero(found) / 8;
  }
  for (; at != end; ++at) {
    // The other seven bytes of the word are plain.
    if (stops(kOnes * ' ' - ' ' + static_cast<unsigned char>(*at)) != 0) break;
  }
  return at;
}

// A quote or a backslash.
inline const char* string_stop(const char* at, const char* end) {
  return find(at, end, [](std::uint64_t word) { return equal(word, '"') | equal(word, '\\'); });
}

// A quote, a backslash, a control character, or what is not ASCII.
inline const char* plain_text_end(const char* at, const char* end) {
  return find(at, end, [](std::uint64_t word) {
    return equal(word, '"') | equal(word, '\\') | control(word) | (word & kTops);
  });
}

}  // namespace kube::byte_scan
