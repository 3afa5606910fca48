// Row 28 of the fault list: servers that send without end. Whatever comes, the memory it takes is
// bounded, and the connection is given up.
#include <gmock/gmock.h>

#include "tests/kube/heap.h"
#include "tests/kube/reflector_fixture.h"

namespace kube {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = std::size_t{1} << 20;
// One value may have 16 MiB, and a quarter of it is held twice while it moves to larger room.
constexpr std::size_t kMost = 20 * kMiB;
constexpr const char* kUnendingEvent =
    R"({"type":"ADDED","object":{"metadata":{"annotations":{"text":")";

class FloodTest : public ReflectorTest {
 protected:
  void SetUp() override {
    put_service("a");
    start(streaming());
    ASSERT_TRUE(run_until_watching());
  }

  // The next watch gets this; the server goes on until it is hung up on, or has sent `bytes`. What
  // the heap has grown by at most.
  std::size_t growth_in(const std::string& begin, const std::string& endless, std::size_t bytes) {
    const std::size_t troubles = journal_.troubles.size();
    server_.faults().next.push_back({.bytes = begin, .endless = endless});
    server_.end_watches();
    const std::size_t before = heap_in_use();
    std::size_t most = before;
    EXPECT_TRUE(run_until([&] {
      most = std::max(most, heap_in_use());
      return journal_.troubles.size() > troubles || server_.flood() >= bytes;
    }));
    return most - before;
  }

  void expect_recovery() {
    put_service("b");
    EXPECT_TRUE(run_until([&] {
      return journal_.count("changed shop/b") + journal_.count("replaced shop/a shop/b") == 1;
    }));
  }
};

TEST_F(FloodTest, GarbageIsLeftAtOnce) {
  const std::string garbage(65536, 'x');
  EXPECT_LE(growth_in(fakes::chunked_head(), fakes::chunk(garbage), 64 * kMiB), kMiB);
  EXPECT_LE(server_.flood(), 8 * kMiB) << "what the kernel's buffers hold";
  expect_recovery();
}

TEST_F(FloodTest, EventWithoutEndTakesNoMoreThanOneValueMay) {
  const std::string text(65536, 'x');
  EXPECT_LE(growth_in(fakes::chunked_head() + fakes::chunk(kUnendingEvent), fakes::chunk(text),
                      64 * kMiB),
            kMost);
  EXPECT_GE(server_.flood(), 64 * kMiB);
}

TEST_F(FloodTest, HeadersWithoutEndAreLeftAtOnce) {
  std::string headers;
  for (int line = 0; line < 1000; ++line) headers += "X-More: and more\r\n";
  EXPECT_LE(growth_in("HTTP/1.1 200 OK\r\n", headers, 64 * kMiB), kMiB);
  EXPECT_LE(server_.flood(), 8 * kMiB);
  expect_recovery();
}

TEST_F(FloodTest, ChunkHeaderWithoutEndIsLeftAtOnce) {
  EXPECT_LE(growth_in(fakes::chunked_head(), std::string(65536, '0'), 64 * kMiB), kMiB);
  EXPECT_LE(server_.flood(), 8 * kMiB);
  expect_recovery();
}

TEST_F(FloodTest, ChunkOfAGigabyteIsNotMadeRoomFor) {
  EXPECT_LE(growth_in(fakes::chunked_head() + "40000000\r\n", std::string(65536, 'x'), 64 * kMiB),
            kMiB);
  EXPECT_LE(server_.flood(), 8 * kMiB) << "it is garbage all the same";
  expect_recovery();
}

// A byte a minute: the connection lives, and nothing ever comes of it.
TEST_F(FloodTest, EventThatDripsIsLeftLikeASilentWatch) {
  const std::string head = fakes::chunked_head();
  fakes::CannedAnswer slow{.bytes = head + fakes::chunk(kUnendingEvent)};
  for (std::size_t byte = head.size() + 10; byte < slow.bytes.size(); ++byte)
    slow.rests.push_back(byte);
  server_.faults().next.push_back(std::move(slow));
  server_.drip = 60s;
  server_.end_watches();
  EXPECT_LE(time_until([&] { return !journal_.troubles.empty(); }), 80s);
  expect_recovery();
}

}  // namespace
}  // namespace kube
