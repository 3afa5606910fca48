#include "kube/yaml_document.h"

#include <gmock/gmock.h>

#include <string>

namespace kube {
namespace {

using Kind = YamlNode::Kind;
using testing::HasSubstr;
using testing::SizeIs;

YamlNode root_of(std::string_view text) {
  const auto documents = read_yaml(text);
  return documents && !documents->empty() ? documents->front() : YamlNode();
}

YamlError error_of(std::string_view text) {
  const auto documents = read_yaml(text);
  return documents ? YamlError{} : documents.error();
}

TEST(YamlDocument, TellsNothingFromNullFromText) {
  const auto root = root_of("a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: 7\n");
  EXPECT_EQ(root["a"].kind(), Kind::kNull);
  EXPECT_EQ(root["b"].kind(), Kind::kNull);
  EXPECT_EQ(root["c"].kind(), Kind::kNull);
  EXPECT_EQ(root["d"].kind(), Kind::kText);
  EXPECT_EQ(root["e"].text(), "null");
  EXPECT_EQ(root["f"].text(), "7");
  EXPECT_EQ(root["g"].kind(), Kind::kAbsent);
  EXPECT_EQ(root["f"]["below a text"].kind(), Kind::kAbsent);
}

TEST(YamlDocument, KeepsOrderDoublesAndLines) {
  const auto root = root_of("b: 1\na: [x, y]\nb: 2\n");
  ASSERT_THAT(root.entries(), SizeIs(3));
  EXPECT_EQ(root.entries()[2].second.text(), "2");
  EXPECT_EQ(root.entries()[2].first.line(), 3U);
  EXPECT_EQ(root["b"].text(), "1");
  ASSERT_THAT(root["a"].items(), SizeIs(2));
  EXPECT_EQ(root["a"].items()[1].text(), "y");
  EXPECT_EQ(YamlNode().line(), 0U);
}

TEST(YamlDocument, OutlivesTheTextAndItsRoot) {
  YamlNode value;
  {
    const std::string text = "a: {b: deep}\n";
    value = root_of(text)["a"];
  }
  EXPECT_EQ(value["b"].text(), "deep");
}

TEST(YamlDocument, ReadsEveryDocumentOfAStream) {
  const auto documents = read_yaml("---\na: 1\n---\nb: 2\n");
  ASSERT_TRUE(documents.has_value());
  ASSERT_THAT(*documents, SizeIs(2));
  EXPECT_EQ(documents->back()["b"].text(), "2");
  EXPECT_THAT(read_yaml("").value(), SizeIs(0));
  EXPECT_THAT(read_yaml("# nothing\n").value(), SizeIs(0));
}

TEST(YamlDocument, ReadsJson) {
  const auto root = root_of("{\n\t\"a\": {\"b\":[1,\"x\\u00e4\"]}, \"c\":null}");
  EXPECT_EQ(root["a"]["b"].items()[1].text(), "xä");
  EXPECT_EQ(root["c"].kind(), Kind::kNull);
}

TEST(YamlDocument, AnAliasIsTheNodeItNames) {
  const auto root = root_of("a: &loop\n  again: *loop\n  text: t\n");
  EXPECT_EQ(root["a"]["again"]["again"]["text"].text(), "t");
}

TEST(YamlDocument, SaysInWhichLineItIsWrong) {
  EXPECT_EQ(error_of("a: 1\nb: [1,\n").line, 3U);
  EXPECT_THAT(error_of("a: 1\nb: [1,\n").problem, HasSubstr("flow"));
  EXPECT_EQ(error_of("a: 1\nb: \xff\n").line, 2U);
  EXPECT_THAT(error_of("a: 1\nb: \xff\n").problem, HasSubstr("UTF-8"));
  EXPECT_EQ(error_of("a: *nobody\n").line, 1U);
}

std::string nested(std::size_t depth) {
  return "a:\n  " + std::string(depth, '[') + std::string(depth, ']') + '\n';
}

TEST(YamlDocument, BoundsTheDepthOfWhatItReads) {
  EXPECT_TRUE(read_yaml(nested(63)).has_value());  // in the map
  EXPECT_EQ(error_of(nested(64)).line, 2U);
  EXPECT_THAT(error_of(nested(64)).problem, HasSubstr("64 lists and maps"));
  EXPECT_THAT(error_of(nested(100'000)).problem, HasSubstr("64 lists and maps"));
}

}  // namespace
}  // namespace kube
