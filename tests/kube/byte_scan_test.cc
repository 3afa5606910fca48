#include "kube/byte_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace kube {
namespace {

// Every byte value at every place of a word, and behind the last whole word.
TEST(ByteScan, StopsAtTheFirstByteThatIsNotPlain) {
  for (int value = 0; value < 256; ++value) {
    const auto byte = static_cast<unsigned char>(value);
    const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, '!');  // one above a space, one below a quote
      text[place] = static_cast<char>(byte);
      const char* end = text.data() + text.size();
      EXPECT_EQ(byte_scan::plain_text_end(text.data(), end) - text.data(),
                static_cast<std::ptrdiff_t>(plain ? text.size() : place))
          << value << " at " << place;
      const bool stops = byte == '"' || byte == '\\';
      EXPECT_EQ(byte_scan::string_stop(text.data(), end) - text.data(),
                static_cast<std::ptrdiff_t>(stops ? place : text.size()))
          << value << " at " << place;
    }
  }
}

}  // namespace
}  // namespace kube
