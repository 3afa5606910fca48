#include "kube/json_reader.h"

#include <gmock/gmock.h>

#include <string>

#include "kube/byte_scan.h"

namespace kube {
namespace {

using testing::HasSubstr;
using Token = JsonReader::Token;

// "" or what is wrong, however the text is nested.
std::string verdict(std::string_view json) {
  JsonReader reader(json);
  if (reader.skip(reader.next()) && reader.at_end()) return "";
  return reader.error() == nullptr ? "no error" : reader.error();
}

// The one text that `json` is; or the error.
std::string text_of(std::string_view json) {
  JsonReader reader(json);
  std::string_view text;
  if (reader.next() != Token::kText || !reader.read_text(text)) return reader.error();
  return std::string(text);
}

TEST(JsonReader, PassesWhatIsJson) {
  for (const char* json :
       {"{}", " [ ] ", "{\"a\":[1,-2.5e+3,0,true,false,null,\"\"],\"b\":{}}",
        "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "0", "-0"}) {
    EXPECT_EQ(verdict(json), "") << json;
  }
}

TEST(JsonReader, RefusesWhatIsNot) {
  for (const char* json : {"{\"a\":1,}", "[1,]", "[,1]", "{a:1}", "{\"a\" 1}", "[1 2]", "01", "1.",
                           "1e", "-", "+1", ".5", "tru", "nul", "'a'", "[}", "{]", "{}{}", "1 1"}) {
    EXPECT_NE(verdict(json), "") << json;
  }
}

TEST(JsonReader, RefusesEveryBeginningOfAValue) {
  const std::string json = R"({"a":["\u00e9\n",{"b":true},null],"c":{"d":[[]]}})";
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_NE(verdict(std::string_view(json).substr(0, size)), "") << size;
  }
  EXPECT_EQ(verdict(json), "");
}

TEST(JsonReader, RefusesTextsThatAreNoUtf8) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82x"}) {
    EXPECT_NE(verdict("\"" + std::string(text) + "\""), "") << text;
  }
  for (const char* text : {R"("\ud83d")", R"("\ude00\ud83d")", R"("\ud83dx")", R"("\uzzzz")",
                           R"("\x")", "\"\n\"", "\"\x1f\""}) {
    EXPECT_NE(verdict(text), "") << text;
  }
}

TEST(JsonReader, UnfoldsEscapes) {
  EXPECT_EQ(text_of(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(text_of(R"("\u0041\u00e9\u20ac\ud83d\ude00")"),
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text_of("\"plain\""), "plain");
}

TEST(JsonReader, TellsWholeNumbersFromOthers) {
  JsonReader reader("[9223372036854775,-7,0,1.0,1e2,99999999999999999999]");
  ASSERT_EQ(reader.next(), Token::kList);
  for (const std::int64_t whole : {9223372036854775LL, -7LL, 0LL}) {
    ASSERT_TRUE(reader.next_element());
    ASSERT_EQ(reader.next(), Token::kWhole);
    EXPECT_EQ(reader.whole(), whole);
  }
  for (int count = 0; count < 3; ++count) {
    ASSERT_TRUE(reader.next_element());
    EXPECT_EQ(reader.next(), Token::kOtherNumber);
  }
  EXPECT_FALSE(reader.next_element());
  EXPECT_TRUE(reader.at_end());
}

TEST(JsonReader, EndsAtADepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(verdict(nested(JsonReader::kMaxDepth)), "");
  EXPECT_THAT(verdict(nested(JsonReader::kMaxDepth + 1)), HasSubstr("too deep"));
}

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
