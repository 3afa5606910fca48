#include "kube/json_framer.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Every complete value of a stream that arrives in pieces of `size` bytes.
template <class Framer>
std::vector<std::string> frames(Framer& framer, std::string_view stream, std::size_t size) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin < stream.size(); begin += size) {
    framer.append(stream.substr(begin, size));
    while (const auto frame = framer.next()) {
      if (frame->kind == Frame::Kind::kGarbage) return found;
      found.emplace_back(frame->text);
    }
  }
  return found;
}

TEST(JsonFramer, FindsTheSameValuesHoweverTheStreamIsCut) {
  const std::string stream = R"({"a":"}{\"\\"})"
                             "\n"
                             R"({"b":[{},[1,2]]}{"c":"\\"})"
                             "\r\n  {}";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    JsonFramer framer;
    EXPECT_THAT(frames(framer, stream, size),
                ElementsAre(R"({"a":"}{\"\\"})", R"({"b":[{},[1,2]]})", R"({"c":"\\"})", "{}"))
        << "in pieces of " << size;
    EXPECT_TRUE(framer.at_boundary());
  }
}

TEST(JsonFramer, KeepsAPartialValueUntilItsEndArrives) {
  JsonFramer framer;
  framer.append(R"({"a":)");
  EXPECT_FALSE(framer.next().has_value());
  EXPECT_FALSE(framer.at_boundary());
  framer.append("1}");
  EXPECT_EQ(framer.next()->text, R"({"a":1})");
}

TEST(JsonFramer, SkipsAnOversizedValueToItsEndAndReportsItsBeginning) {
  const std::string stream = R"({"name":"big","x":")" + std::string(200, 'x') + R"("}{"b":2})";
  for (std::size_t size = 1; size <= stream.size(); size += 7) {
    JsonFramer framer(FrameLimits{.size = 100, .depth = 64, .kept = 20});
    std::vector<Frame::Kind> kinds;
    std::vector<std::string> texts;
    for (std::size_t begin = 0; begin < stream.size(); begin += size) {
      const std::string piece = stream.substr(begin, size);
      framer.append(piece);
      while (const auto frame = framer.next()) {
        kinds.push_back(frame->kind);
        texts.emplace_back(frame->text);
      }
    }
    EXPECT_THAT(kinds, ElementsAre(Frame::Kind::kTooLarge, Frame::Kind::kValue)) << size;
    EXPECT_THAT(texts, ElementsAre(stream.substr(0, 20), R"({"b":2})")) << size;
  }
}

TEST(JsonFramer, ReportsAValueThatIsNestedTooDeep) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  JsonFramer framer;
  framer.append(deep);
  EXPECT_EQ(framer.next()->kind, Frame::Kind::kTooDeep);
  framer.append("{}");
  EXPECT_EQ(framer.next()->kind, Frame::Kind::kValue);
}

TEST(JsonFramer, TrustsNothingAfterGarbage) {
  JsonFramer framer;
  framer.append("{}<html>{}");
  EXPECT_EQ(framer.next()->kind, Frame::Kind::kValue);
  EXPECT_EQ(framer.next()->kind, Frame::Kind::kGarbage);
  framer.append("{}");
  EXPECT_EQ(framer.next()->kind, Frame::Kind::kGarbage);
}

TEST(ListFramer, CutsTheItemsOutOfAListHoweverItIsCut) {
  const std::string list =
      R"({"kind":"L","metadata":{"items":[1],"x":"items"},"items":[{"a":1}, {"b":[2]} ],"z":"]"})";
  for (std::size_t size = 1; size <= list.size(); ++size) {
    ListFramer framer;
    EXPECT_THAT(frames(framer, list, size), ElementsAre(R"({"a":1})", R"({"b":[2]})")) << size;
    EXPECT_TRUE(framer.complete());
    EXPECT_EQ(framer.envelope(),
              R"({"kind":"L","metadata":{"items":[1],"x":"items"},"items":[],"z":"]"})");
  }
}

TEST(ListFramer, IsNotCompleteBeforeTheLastBrace) {
  const std::string list = R"({"items":[{"a":1}]})";
  for (std::size_t size = 0; size < list.size(); ++size) {
    ListFramer framer;
    (void)frames(framer, list.substr(0, size), 1);
    EXPECT_FALSE(framer.complete()) << size;
  }
}

TEST(ListFramer, AcceptsAListWithoutItems) {
  ListFramer framer;
  EXPECT_THAT(frames(framer, R"({"kind":"L","items":null})", 1), IsEmpty());
  EXPECT_TRUE(framer.complete());
}

TEST(ListFramer, RefusesItemsThatAreNoObjectsAndTextBehindTheList) {
  for (const char* text : {R"({"items":[1]})", "[]", "hello", "{} {}"}) {
    ListFramer framer;
    framer.append(text);
    std::optional<Frame> last;
    while (const auto frame = framer.next()) {
      last = frame;
      if (frame->kind == Frame::Kind::kGarbage) break;
    }
    ASSERT_TRUE(last.has_value()) << text;
    EXPECT_EQ(last->kind, Frame::Kind::kGarbage) << text;
  }
}

}  // namespace
}  // namespace kube
