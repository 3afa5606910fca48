#include "reconcile/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>

namespace reconcile {
namespace {

constexpr std::size_t kLongest = 512;

std::string escaped(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return fmt::format("\\x{:02x}", byte);
  return {c};
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// "1025 00:15:15.525108", local time, as klog writes it.
std::string klog_time(std::chrono::system_clock::time_point now) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() %
      1'000'000;
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  return fmt::format("{:%m%d %H:%M:%S}.{:06}", fmt::localtime(seconds), micros);
}

void to_stderr(std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); }

}  // namespace

Field::Field(std::string_view name, std::string_view value) : key(name), text(in_quotes(value)) {}

Log::Log(int verbosity, Sink sink)
    : verbosity_(verbosity), sink_(sink ? std::move(sink) : Sink(to_stderr)) {}

void Log::info(int level, std::string_view message, std::initializer_list<Field> fields,
               Where where) {
  if (level <= verbosity_) write('I', message, fields, where);
}

void Log::warning(std::string_view message, std::initializer_list<Field> fields, Where where) {
  write('W', message, fields, where);
}

void Log::error(std::string_view message, std::initializer_list<Field> fields, Where where) {
  write('E', message, fields, where);
}

void Log::write(char severity, std::string_view message, std::initializer_list<Field> fields,
                Where where) {
  std::string line =
      fmt::format("{}{} {:7} {}:{}] {}", severity, klog_time(std::chrono::system_clock::now()),
                  getpid(), base_name(where.file), where.line, in_quotes(message));
  for (const auto& field : fields) line += fmt::format(" {}={}", field.key, field.text);
  line += '\n';
  sink_(line);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) out += escaped(c);
  if (text.size() > kLongest) out += "…";
  out += '"';
  return out;
}

}  // namespace reconcile
