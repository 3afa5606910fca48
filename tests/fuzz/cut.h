// What the targets that read streams have in common: an input says first where it is to be cut.
//
// The first byte of an input is the place of one cut, as a 256th of the rest. Each reader is then
// given the rest whole, in those two pieces, and byte by byte: the answers have to be the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace fuzz {

using Pieces = std::vector<std::string_view>;

// An input, taken apart.
struct Cut {
  std::string_view bytes;  // all that the reader gets
  std::size_t place = 0;

  Cut(const std::uint8_t* data, std::size_t size)
      : bytes(reinterpret_cast<const char*>(data) + (size > 0 ? 1 : 0), size > 0 ? size - 1 : 0),
        place(size > 0 ? bytes.size() * data[0] / 256 : 0) {}

  [[nodiscard]] Pieces whole() const { return {bytes}; }
  [[nodiscard]] Pieces two() const { return {bytes.substr(0, place), bytes.substr(place)}; }
  [[nodiscard]] Pieces single_bytes() const {
    Pieces pieces;
    for (std::size_t at = 0; at < bytes.size(); ++at) pieces.push_back(bytes.substr(at, 1));
    return pieces;
  }
};

// `read` turns pieces into something comparable.
template <class Read>
auto same_however_cut(const Cut& cut, Read read) {
  auto answer = read(cut.whole());
  if (read(cut.two()) != answer || read(cut.single_bytes()) != answer) std::abort();
  return answer;
}

// What a target claims of its input. Not assert(): it must hold in every build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace fuzz
