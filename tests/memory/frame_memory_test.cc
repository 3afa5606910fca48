// What a server can make us hold: whatever it sends, the caps of json_framer.h, http_response.h and
// gzip_reader.h bound the memory, not only what is believed.
#include <gtest/gtest.h>

#include <string>

#include "kube/json_framer.h"
#include "kube/list_page.h"
#include "tests/memory/heap.h"

namespace kube {
namespace {

constexpr std::size_t kPiece = std::size_t{16} << 10;
constexpr FrameLimits kLimits{.size = std::size_t{1} << 20, .depth = 16, .kept = 1024};

// The most that was held beyond what was before.
class Peak {
 public:
  Peak() : before_(heap::use().live) { heap::forget_peak(); }
  [[nodiscard]] std::size_t bytes() const { return heap::use().peak - before_; }

 private:
  std::size_t before_;
};

template <class Framer>
std::size_t frames_of(Framer& framer, std::string_view piece) {
  std::size_t frames = 0;
  framer.append(piece);
  while (framer.next()) ++frames;
  return frames;
}

// While a value moves to the room for the largest one, it is held twice.
constexpr std::size_t kMoved = kLimits.size / 4 + kPiece;

TEST(FrameMemory, OfAnEndlessValueIsItsCap) {
  JsonFramer framer(kLimits);
  const std::string piece(kPiece, 'x');
  const Peak peak;
  EXPECT_EQ(frames_of(framer, "{\"a\":\""), 0U);
  for (int count = 0; count < 4096; ++count) ASSERT_EQ(frames_of(framer, piece), 0U);
  EXPECT_LE(peak.bytes(), kLimits.size + kMoved) << "of 64 MiB";
  EXPECT_EQ(frames_of(framer, "\"}{}"), 2U);
}

TEST(FrameMemory, OfARefusedValueIsGivenBackAtOnce) {
  JsonFramer framer(kLimits);
  const std::size_t before = heap::use().live;
  const std::string piece(kPiece, 'x');
  static_cast<void>(frames_of(framer, "{\"a\":\""));
  for (int count = 0; count < 128; ++count) static_cast<void>(frames_of(framer, piece));
  EXPECT_LE(heap::use().live - before, piece.capacity() + 4 * kLimits.kept);
}

TEST(FrameMemory, OfAnEndlessItemIsItsCap) {
  ListFramer framer(kLimits);
  const std::string piece(kPiece, '[');
  const Peak peak;
  EXPECT_EQ(frames_of(framer, "{\"items\":[{\"a\":"), 0U);
  for (int count = 0; count < 1024; ++count) ASSERT_EQ(frames_of(framer, piece), 0U);
  EXPECT_LE(peak.bytes(), kLimits.size + kMoved) << "of 16 MiB that are too deep";
}

TEST(FrameMemory, OfAnEndlessEnvelopeIsItsCap) {
  ListPageReader<Service> reader;
  const std::string piece(kPiece, 'x');
  const Peak peak;
  bool refused = !reader.append("{\"kind\":\"");
  for (int count = 0; count < 1024 && !refused; ++count) refused = !reader.append(piece);
  EXPECT_TRUE(refused);
  EXPECT_LE(peak.bytes(), 6 * FrameLimits{}.kept) << "a string that doubles its room holds both";
}

TEST(FrameMemory, OfALongTextIsNotTakenTwice) {
  const std::string text =
      R"({"kind":"Service","metadata":{"name":")" + std::string(std::size_t{8} << 20, 'x') + "\"}}";
  const Peak peak;
  EXPECT_FALSE(decode<Service>(text).has_value());
  EXPECT_LE(peak.bytes(), kPiece);
}

}  // namespace
}  // namespace kube
