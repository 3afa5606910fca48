#include "reconcile/config_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reconcile/config_checks.h"
#include "reconcile/duration.h"

namespace reconcile {
namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view kExternalIpsGate = "AllowServiceExternalIPs";

constexpr std::array<std::pair<DetectLocalMode, std::string_view>, 4> kModes{{
    {DetectLocalMode::kClusterCidr, "ClusterCIDR"},
    {DetectLocalMode::kNodeCidr, "NodeCIDR"},
    {DetectLocalMode::kBridgeInterface, "BridgeInterface"},
    {DetectLocalMode::kInterfaceNamePrefix, "InterfaceNamePrefix"},
}};

// The spellings that Go's strconv.ParseBool takes.
std::optional<bool> parse_bool(std::string_view text) {
  for (const auto* yes : {"true", "1", "t", "T", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const auto* no : {"false", "0", "f", "F", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

// Writes a value where it belongs, or says why it cannot be one of that kind.
struct Writer {
  std::string_view value;

  Problem operator()(std::monostate) const { return std::nullopt; }
  Problem operator()(std::string* place) const {
    *place = value;
    return std::nullopt;
  }
  Problem operator()(std::vector<std::string>* place) const {
    *place = split_list(value);
    return std::nullopt;
  }
  Problem operator()(bool* place) const {
    const auto parsed = parse_bool(value);
    if (!parsed) return fmt::format("'{}' is neither true nor false", value);
    *place = *parsed;
    return std::nullopt;
  }
  Problem operator()(int* place) const {
    const auto parsed = parse_integer(value);
    if (!parsed) return fmt::format("'{}' is no whole number", value);
    *place = *parsed;
    return std::nullopt;
  }
  Problem operator()(std::chrono::milliseconds* place) const {
    const auto parsed = parse_duration(value);
    if (!parsed) {
      return fmt::format("'{}' is no duration; write it like 30s, 1m30s or 500ms", value);
    }
    *place = *parsed;
    return std::nullopt;
  }
  Problem operator()(DetectLocalMode* place) const {
    for (const auto& [mode, name] : kModes) {
      if (name != value) continue;
      *place = mode;
      return std::nullopt;
    }
    return fmt::format(
        "'{}' is none of ClusterCIDR, NodeCIDR, BridgeInterface and InterfaceNamePrefix", value);
  }
};

struct Reader {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string* place) const { return *place; }
  std::string operator()(const std::vector<std::string>* place) const {
    return fmt::format("{}", fmt::join(*place, ","));
  }
  std::string operator()(const bool* place) const { return *place ? "true" : "false"; }
  std::string operator()(const int* place) const { return std::to_string(*place); }
  std::string operator()(const std::chrono::milliseconds* place) const {
    return go_duration(*place);
  }
  std::string operator()(const DetectLocalMode* place) const {
    return std::string(kModes[static_cast<std::size_t>(*place)].second);
  }
};

// One "Name=true" of --feature-gates.
Problem set_gate(AgentConfig& config, const std::string& gate) {
  const auto equals = gate.find('=');
  const auto value = equals == std::string::npos
                         ? std::nullopt
                         : parse_bool(std::string_view(gate).substr(equals + 1));
  if (!value)
    return fmt::format("'{}' is no gate; write it like AllowServiceExternalIPs=false", gate);
  const auto name = gate.substr(0, equals);
  if (name == kExternalIpsGate) {
    config.allow_external_ips = *value;
  } else {
    config.without_effect["feature gate " + name] = "it gates nothing here";
  }
  return std::nullopt;
}

Problem set_gates(AgentConfig& config, std::string_view value) {
  AgentConfig changed = config;
  for (const auto& gate : split_list(value)) {
    if (const auto problem = set_gate(changed, gate)) return problem;
  }
  config = std::move(changed);
  return std::nullopt;
}

// That a value without a place is at least one of its kind.
Problem of_its_kind(FieldKind kind, std::string_view value) {
  bool as_bool = false;
  int as_integer = 0;
  std::chrono::milliseconds as_duration{};
  if (kind == FieldKind::kBool) return Writer{value}(&as_bool);
  if (kind == FieldKind::kInteger) return Writer{value}(&as_integer);
  if (kind == FieldKind::kDuration) return Writer{value}(&as_duration);
  return std::nullopt;
}

Problem set_nowhere(AgentConfig& config, const ConfigField& field, std::string_view value) {
  if (const auto problem = of_its_kind(field.kind, value)) return problem;
  if (value == field.default_text || value.empty()) return std::nullopt;
  if (field.support == Support::kRefused && field.check == nullptr) return std::string(field.text);
  if (field.support == Support::kWithoutEffect)
    config.without_effect[field_name(field)] = field.text;
  return std::nullopt;
}

}  // namespace

const ConfigField* field_at_path(std::string_view path) {
  const auto fields = config_fields();
  const auto found = std::ranges::find(fields, path, &ConfigField::path);
  return path.empty() || found == fields.end() ? nullptr : &*found;
}

const ConfigField* field_of_flag(std::string_view flag) {
  const auto fields = config_fields();
  const auto found = std::ranges::find(fields, flag, &ConfigField::flag);
  return flag.empty() || found == fields.end() ? nullptr : &*found;
}

std::optional<std::string> set_field(AgentConfig& config, const ConfigField& field,
                                     std::string_view value) {
  if (field.check != nullptr) {
    if (auto problem = field.check(value); !problem.empty()) return problem;
  }
  if (field.kind == FieldKind::kGates) return set_gates(config, value);
  if (field.place == nullptr) return set_nowhere(config, field, value);
  return std::visit(Writer{value}, field.place(config));
}

std::string field_text(const AgentConfig& config, const ConfigField& field) {
  if (field.kind == FieldKind::kGates) {
    return fmt::format("{}={}", kExternalIpsGate, config.allow_external_ips);
  }
  if (field.place == nullptr) return std::string(field.default_text);
  AgentConfig copy = config;  // a place is for reading and for writing
  return std::visit(Reader{}, field.place(copy));
}

std::string field_name(const ConfigField& field) {
  return field.path.empty() ? fmt::format("--{}", field.flag) : std::string(field.path);
}

}  // namespace reconcile
