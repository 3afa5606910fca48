// The log: the only place that writes log lines, in klog's text form or as JSON, all of them to
// stderr.
//
//   I1025 00:15:15.525108       1 agent.cc:116] "Service programmed" service="default/web" steps=6
//
//   {"ts":1732503315525.108,"caller":"agent.cc:116","msg":"Service programmed","v":2,"steps":6}
//
// Values come from everywhere, so strings are quoted, control characters escaped and long ones cut.
// Levels: 0 always, 1 configuration, 2 steady state (the default), 3 changes, 4 debugging, 5
// tracing. Thread: io.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace reconcile {

// One key="value". Numbers and booleans are written bare, everything else quoted.
struct Field {
  std::string key;
  std::string text;
  bool quoted = true;

  Field(std::string_view name, std::string_view value) : key(name), text(value) {}
  Field(std::string_view name, const char* value) : Field(name, std::string_view(value)) {}
  Field(std::string_view name, const std::string& value) : Field(name, std::string_view(value)) {}
  template <std::integral Number>
  Field(std::string_view name, Number value)
      : key(name), text(std::to_string(value)), quoted(false) {}
};

// Where a line was written, filled in by the compiler at the call.
struct Where {
  std::string_view file;
  int line;
  static Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

// --logging-format.
enum class LogFormat : std::uint8_t { kText, kJson };

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // the line comes with its line end

  // Without a sink: stderr.
  explicit Log(int verbosity, Sink sink = {}, LogFormat format = LogFormat::kText);

  // What is less important than this is not written from now on.
  void set_verbosity(int verbosity) { verbosity_ = verbosity; }

  void info(int level, std::string_view message, std::initializer_list<Field> fields = {},
            Where where = Where::here());
  void warning(std::string_view message, std::initializer_list<Field> fields = {},
               Where where = Where::here());
  void error(std::string_view message, std::initializer_list<Field> fields = {},
             Where where = Where::here());

 private:
  void write(char severity, std::string_view message, std::initializer_list<Field> fields,
             Where where, int level);

  int verbosity_;
  Sink sink_;
  LogFormat format_;
};

// `text` in double quotes, control characters and quotes escaped, cut at 512 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace reconcile
