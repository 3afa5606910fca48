// The values of one JSON text, one after the other, as they are asked for (RFC 8259).
//
// Strict: UTF-8 and escapes are checked in what is skipped too, nothing may follow the value, and
// nesting ends at 64. Nothing is built: a text is a view into the JSON unless it holds escapes.
// Own code, because RapidJSON with its encoding check takes more than twice as long (README.md);
// tests/fuzz holds the two together. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kube {

class JsonReader {
 public:
  static constexpr std::size_t kMaxDepth = 64;

  // How a value begins. Of kText, kObject and kList the rest is still to be read, or to be skipped.
  enum class Token : std::uint8_t {
    kObject,       // next_key() and a value, again and again
    kList,         // next_element() and a value, again and again
    kText,         // read_text()
    kWhole,        // whole()
    kOtherNumber,  // with a fraction, an exponent, or too large
    kTrue,
    kFalse,
    kNull,
    kError,
  };

  // The text must outlive the reader.
  explicit JsonReader(std::string_view json)
      : begin_(json.data()), at_(begin_), end_(begin_ + json.size()) {}

  [[nodiscard]] Token next();
  // False: an error. The text is valid until the next one is read.
  [[nodiscard]] bool read_text(std::string_view& text);
  [[nodiscard]] std::int64_t whole() const { return whole_; }
  // False: the object, or the list, has ended; or an error.
  [[nodiscard]] bool next_key(std::string_view& key);
  [[nodiscard]] bool next_element();
  // The rest of a value that has begun so. False: an error.
  [[nodiscard]] bool skip(Token token);
  // Whether nothing but white space is left; anything else is an error.
  [[nodiscard]] bool at_end();

  // nullptr, or what is wrong, a literal; final.
  [[nodiscard]] const char* error() const { return error_; }
  [[nodiscard]] bool too_deep() const { return depth_ > kMaxDepth; }
  [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  bool fail(const char* why);
  Token begin(Token token);
  Token literal(std::string_view text, Token token);
  Token number();
  bool digits();
  void pass_space();
  bool pass(char byte, const char* why);
  bool next_member(char end);
  bool begin_key();
  bool pass_text();
  bool pass_escape();
  bool pass_unicode_escape();
  bool pass_code_unit(unsigned& unit);
  bool pass_utf8();
  [[nodiscard]] std::string_view unescaped(std::string_view text);

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* error_ = nullptr;
  std::size_t depth_ = 0;
  bool first_ = false;    // nothing of the object or list that we are in has been read
  bool escaped_ = false;  // the last text holds escapes
  std::int64_t whole_ = 0;
  std::string unescaped_;
};

}  // namespace kube
