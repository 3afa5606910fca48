#include "kube/gzip_reader.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/fakes/api_server/answer.h"
#include "tests/kube/recorded.h"

namespace kube {
namespace {

using testing::HasSubstr;

// Everything that comes out of `packed`, given in pieces of `size` bytes; or the error.
std::string unpacked(GzipReader& reader, std::string_view packed, std::size_t size) {
  std::string all;
  std::string text;
  while (!packed.empty()) {
    std::string_view piece = packed.substr(0, size);
    packed.remove_prefix(piece.size());
    while (!piece.empty()) {
      if (auto read = reader.next(piece, text); !read) return "error: " + read.error();
      EXPECT_LE(text.size(), 65536U);
      all += text;
    }
  }
  return all;
}

TEST(GzipReader, ReadsTheSameWhereverItIsCut) {
  const std::string text = recorded::body("list-services");
  const std::string packed = fakes::gzip(text);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, packed.size()}) {
    GzipReader reader;
    EXPECT_EQ(unpacked(reader, packed, size), text) << size;
    EXPECT_TRUE(reader.done());
  }
}

TEST(GzipReader, IsNotDoneBeforeTheLastByte) {
  const std::string packed = fakes::gzip("hello");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    GzipReader reader;
    unpacked(reader, std::string_view(packed).substr(0, size), packed.size());
    EXPECT_FALSE(reader.done()) << size;
  }
}

TEST(GzipReader, NeverTakesDamageForText) {
  const std::string packed = fakes::gzip(std::string(1000, 'a') + "b");
  for (std::size_t index = 0; index < packed.size(); ++index) {
    std::string damaged = packed;
    damaged[index] = static_cast<char>(damaged[index] ^ 0x55);
    GzipReader reader;
    const std::string text = unpacked(reader, damaged, 64);
    // The header's time and system are nobody's text.
    EXPECT_TRUE(!reader.done() || text == std::string(1000, 'a') + "b") << index;
  }
}

TEST(GzipReader, RefusesWhatIsNoGzipAndWhatComesBehind) {
  GzipReader plain;
  EXPECT_THAT(unpacked(plain, "{\"kind\":\"ServiceList\"}", 64), HasSubstr("no gzip"));
  GzipReader surplus;
  EXPECT_THAT(unpacked(surplus, fakes::gzip("x") + "y", 64), HasSubstr("behind the end"));
}

TEST(GzipReader, GivesABombInPiecesAndEndsItAtItsLimit) {
  const std::string bomb = fakes::gzip(std::string(std::size_t{8} << 20, '\0'));
  EXPECT_LT(bomb.size(), 16384U);
  GzipReader whole;
  EXPECT_EQ(unpacked(whole, bomb, bomb.size()).size(), std::size_t{8} << 20);
  GzipReader limited(std::size_t{1} << 20);
  EXPECT_THAT(unpacked(limited, bomb, bomb.size()), HasSubstr("too much"));
}

}  // namespace
}  // namespace kube
