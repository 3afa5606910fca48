#include "kube/json_paths.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Taken {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
};

Complaint take_text(Taken& taken, std::string_view text) {
  taken.texts.emplace_back(text);
  return nullptr;
}

Complaint take_number(Taken& taken, std::int64_t number) {
  taken.numbers.push_back(number);
  return nullptr;
}

const Place<Taken>& place() {
  static const auto place = object<Taken>({
      {"text", text<&take_text>()},
      {"texts", list(text<&take_text>())},
      {"number", number<&take_number>()},
      {"numbers", list(number<&take_number>())},
  });
  return place;
}

// "" or what is wrong with a document.
std::string refusal(std::string_view json, Taken& taken) {
  const auto read = read_json(json, place(), taken);
  if (read) return "";
  return read.error().field.empty() ? read.error().reason
                                    : read.error().field + ": " + read.error().reason;
}
std::string refusal(std::string_view json) {
  Taken taken;
  return refusal(json, taken);
}

// "" or what is wrong with a value that nobody expects.
std::string verdict(const std::string& value) { return refusal("{\"x\":" + value + "}"); }

// What is taken of a text; or the refusal.
std::string text_of(const std::string& value) {
  Taken taken;
  const std::string why = refusal("{\"text\":" + value + "}", taken);
  return taken.texts.size() == 1 ? taken.texts.front() : why;
}

TEST(JsonPaths, PassesWhatIsJson) {
  for (const char* json :
       {"{}", " [ ] ", "{\"a\":[1,-2.5e+3,0,true,false,null,\"\"],\"b\":{}}",
        "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "0", "-0"}) {
    EXPECT_EQ(verdict(json), "") << json;
  }
}

TEST(JsonPaths, RefusesWhatIsNot) {
  for (const char* json : {"{\"a\":1,}", "[1,]", "[,1]", "{a:1}", "{\"a\" 1}", "[1 2]", "01", "1.",
                           "1e", "-", "+1", ".5", "tru", "nul", "'a'", "[}", "{]", "{}{}", "1 1"}) {
    EXPECT_THAT(verdict(json), StartsWith("is no JSON")) << json;
  }
  EXPECT_THAT(refusal("{} {}"), StartsWith("is no JSON"));
}

TEST(JsonPaths, RefusesEveryBeginningOfADocument) {
  const std::string json = R"({"a":["\u00e9\n",{"b":true},null],"text":"\té","numbers":[1,2]})";
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_THAT(refusal(std::string_view(json).substr(0, size)), StartsWith("is no JSON")) << size;
  }
  EXPECT_EQ(refusal(json), "");
}

// Expected or not, and wherever the bad byte stands in a word.
TEST(JsonPaths, RefusesTextsThatAreNoUtf8) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xff", "\xe2\x82x", "\xe2\x82xxxxxxxxx\x82", R"(\ud83d)",
        R"(\ude00\ud83d)", R"(\ud83dx)", R"(\uzzzz)", R"(\x)", "\n", "\x1f"}) {
    for (std::size_t before = 0; before < 9; ++before) {
      const std::string json = "\"" + std::string(before, 'a') + text + "bcdefghi\"";
      EXPECT_THAT(verdict(json), StartsWith("is no JSON")) << json;
      EXPECT_THAT(text_of(json), StartsWith("is no JSON")) << json;
    }
  }
  EXPECT_EQ(text_of(R"("a\ude00")"), "text: holds half of a surrogate pair");
}

TEST(JsonPaths, UnfoldsEscapes) {
  EXPECT_EQ(text_of(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(text_of(R"("\u0041\u00e9\u20ac\ud83d\ude00")"),
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text_of(R"("\u0000 and ten more bytes\u0000")"),
            std::string("\0 and ten more bytes\0", 21));
  EXPECT_EQ(text_of("\"caf\xc3\xa9, and ten more bytes\""), "caf\xc3\xa9, and ten more bytes");
  EXPECT_EQ(text_of("\"plain\""), "plain");
  EXPECT_EQ(text_of("\"\""), "");
}

TEST(JsonPaths, KeepsTextsApartFromThoseThatNobodyExpects) {
  Taken taken;
  EXPECT_EQ(refusal(R"({"x":"\n1","text":"\n2","y":{"a":"\n3","text":"\n4"},"\u0074exts":)"
                    R"(["plain","\n5",null,"6"],"z":["\n7"]})",
                    taken),
            "");
  EXPECT_THAT(taken.texts, ElementsAre("\n2", "plain", "\n5", "6"));
}

TEST(JsonPaths, TakesWholeNumbersOnly) {
  Taken taken;
  EXPECT_EQ(refusal(R"({"numbers":[9223372036854775807,-9223372036854775808,-7,0,-0],"number":5})",
                    taken),
            "");
  EXPECT_THAT(taken.numbers, ElementsAre(INT64_MAX, INT64_MIN, -7, 0, 0, 5));
  for (const char* other : {"1.0", "1e2", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_THAT(refusal(std::string("{\"number\":") + other + "}"),
                StartsWith("number: is a number that is not whole"));
  }
}

TEST(JsonPaths, PassesNumbersThatNoDoubleHolds) {
  EXPECT_EQ(verdict("0.00000000000001e-2147483639"), "");
  EXPECT_EQ(verdict("-1e-99999999999999999999"), "");
  EXPECT_THAT(verdict("1e999"), HasSubstr("Number too big"));
}

TEST(JsonPaths, EndsAtADepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(verdict(nested(63)), "");
  EXPECT_EQ(verdict(nested(64)), "is nested deeper than 64");
}

}  // namespace
}  // namespace kube
