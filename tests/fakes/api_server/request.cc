#include "tests/fakes/api_server/request.h"

#include <algorithm>
#include <vector>

namespace fakes {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '%' && index + 2 < text.size()) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(index + 1, 2)), nullptr, 16));
      index += 2;
    } else {
      decoded += text[index] == '+' ? ' ' : text[index];
    }
  }
  return decoded;
}

std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    values[percent_decoded(pair.substr(0, equals))] =
        equals == pair.size() ? "" : percent_decoded(pair.substr(equals + 1));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return values;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) segments.push_back(percent_decoded(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

}  // namespace

Request::Request(std::string method_name, std::string_view target, std::string content)
    : method(std::move(method_name)), body(std::move(content)) {
  const auto mark = std::min(target.find('?'), target.size());
  path = target.substr(0, mark);
  if (mark < target.size()) query = parse_query(target.substr(mark + 1));
  auto segments = segments_of(path);
  const std::size_t root = !segments.empty() && segments[0] == "apis" ? 3 : 2;
  if (segments.size() <= root) return;
  std::string prefix;
  for (std::size_t index = 0; index < root; ++index) prefix += "/" + segments[index];
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(root));
  if (segments.size() >= 3 && segments[0] == "namespaces") {
    namespace_name = segments[1];
    segments.erase(segments.begin(), segments.begin() + 2);
  }
  collection = find_collection(prefix, segments[0]);
  if (segments.size() > 1) name = segments[1];
}

std::string Request::option(const std::string& key) const {
  const auto found = query.find(key);
  return found == query.end() ? "" : found->second;
}

std::uint64_t Request::count(const std::string& key, std::uint64_t otherwise) const {
  const std::string text = option(key);
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return text.empty() || !digits ? otherwise : std::stoull(text);
}

bool Request::flag(const std::string& key) const {
  return option(key) == "1" || option(key) == "true";
}

Selector Request::selector() const {
  return {.labels = option("labelSelector"),
          .fields = option("fieldSelector"),
          .namespace_name = namespace_name};
}

}  // namespace fakes
