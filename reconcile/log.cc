#include "reconcile/log.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "reconcile/json_text.h"

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

std::string klog_line(char severity, std::string_view message, std::initializer_list<Field> fields,
                      Where where, std::chrono::system_clock::time_point now) {
  std::string line = fmt::format("{}{} {:7} {}:{}] {}", severity, klog_time(now), getpid(),
                                 base_name(where.file), where.line, in_quotes(message));
  for (const auto& field : fields) {
    line += fmt::format(" {}={}", field.key, field.quoted ? in_quotes(field.text) : field.text);
  }
  return line += '\n';
}

// As Kubernetes' components write it: only information has a level, "v".
std::string json_line(char severity, std::string_view message, std::initializer_list<Field> fields,
                      Where where, int level, std::chrono::system_clock::time_point now) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  std::string line = fmt::format("{{\"ts\":{}.{:03},\"caller\":\"{}:{}\",\"msg\":{}",
                                 micros / 1'000, micros % 1'000, base_name(where.file), where.line,
                                 json_string(message.substr(0, kLongest)));
  if (severity == 'I') line += fmt::format(",\"v\":{}", level);
  if (severity == 'W') line += ",\"severity\":\"warning\"";
  for (const auto& field : fields) {
    const std::string_view text = std::string_view(field.text).substr(0, kLongest);
    line += fmt::format(",{}:{}", json_string(field.key),
                        field.quoted ? json_string(text) : std::string(text));
  }
  return line += "}\n";
}

void to_stderr(std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); }

}  // namespace

Log::Log(int verbosity, Sink sink, LogFormat format)
    : verbosity_(verbosity), sink_(sink ? std::move(sink) : Sink(to_stderr)), format_(format) {}

void Log::info(int level, std::string_view message, std::initializer_list<Field> fields,
               Where where) {
  if (level <= verbosity_) write('I', message, fields, where, level);
}

void Log::warning(std::string_view message, std::initializer_list<Field> fields, Where where) {
  write('W', message, fields, where, 0);
}

void Log::error(std::string_view message, std::initializer_list<Field> fields, Where where) {
  write('E', message, fields, where, 0);
}

void Log::write(char severity, std::string_view message, std::initializer_list<Field> fields,
                Where where, int level) {
  const auto now = std::chrono::system_clock::now();
  sink_(format_ == LogFormat::kJson ? json_line(severity, message, fields, where, level, now)
                                    : klog_line(severity, message, fields, where, now));
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) out += escaped(c);
  if (text.size() > kLongest) out += "…";
  out += '"';
  return out;
}

}  // namespace reconcile
