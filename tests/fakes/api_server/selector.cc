#include "tests/fakes/api_server/selector.h"

#include <functional>
#include <optional>
#include <sstream>
#include <string_view>

namespace fakes {

namespace json = boost::json;

namespace {

using Lookup = std::function<std::optional<std::string>(const std::string&)>;

std::optional<std::string> text_in(const json::object& object, std::string_view outer,
                                   std::string_view key) {
  const json::value* part = object.if_contains(outer);
  if (part == nullptr || !part->is_object()) return std::nullopt;
  const json::value* value = part->get_object().if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

bool requirement_holds(const std::string& requirement, const Lookup& lookup) {
  if (requirement.starts_with('!')) return !lookup(requirement.substr(1));
  if (const auto differs = requirement.find("!="); differs != std::string::npos) {
    return lookup(requirement.substr(0, differs)) != requirement.substr(differs + 2);
  }
  const auto equals = requirement.find('=');
  if (equals == std::string::npos) return lookup(requirement).has_value();
  const auto begin = requirement.find_first_not_of('=', equals);
  return lookup(requirement.substr(0, equals)) ==
         (begin == std::string::npos ? "" : requirement.substr(begin));
}

bool all_hold(const std::string& selector, const Lookup& lookup) {
  std::istringstream requirements(selector);
  std::string requirement;
  while (std::getline(requirements, requirement, ',')) {
    if (!requirement_holds(requirement, lookup)) return false;
  }
  return true;
}

std::optional<std::string> label(const json::object& object, const std::string& key) {
  const json::value* metadata = object.if_contains("metadata");
  return metadata == nullptr || !metadata->is_object()
             ? std::nullopt
             : text_in(metadata->get_object(), "labels", key);
}

// A field that a selector may name; a field that is not there counts as empty, as in the real
// server.
std::optional<std::string> field(const json::object& object, const std::string& path) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return "";
  return text_in(object, path.substr(0, dot), path.substr(dot + 1)).value_or("");
}

}  // namespace

bool Selector::matches(const json::object& object) const {
  if (!namespace_name.empty() && field(object, "metadata.namespace") != namespace_name) {
    return false;
  }
  return all_hold(labels, [&](const std::string& key) { return label(object, key); }) &&
         all_hold(fields, [&](const std::string& path) { return field(object, path); });
}

}  // namespace fakes
