#include "reconcile/config_json.h"

#include <fmt/core.h>

#include <iterator>
#include <map>

#include "reconcile/config_checks.h"
#include "reconcile/config_field.h"
#include "reconcile/json_text.h"

namespace reconcile {
namespace {

// A path's values by their dotted names, in order.
using Values = std::map<std::string, std::string>;

std::string list_json(const std::string& text) {
  std::string out;
  for (const auto& part : split_list(text)) {
    out += (out.empty() ? "[" : ",") + json_string(part);
  }
  return out.empty() ? "null" : out + "]";
}

std::string gates_json(const std::string& text) {
  std::string out;
  for (const auto& gate : split_list(text)) {
    const auto equals = gate.find('=');
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json_string(gate.substr(0, equals)),
                       gate.substr(equals + 1));
  }
  return "{" + out + "}";
}

std::string value_json(const ConfigField& field, const std::string& text) {
  switch (field.kind) {
    case FieldKind::kBool:
    case FieldKind::kInteger:
      return text.empty() ? "null" : text;
    case FieldKind::kList:
      // The one list that the file writes as a text.
      return field.path == "clusterCIDR" ? json_string(text) : list_json(text);
    case FieldKind::kGates:
      return gates_json(text);
    case FieldKind::kText:
    case FieldKind::kDuration:
      break;
  }
  return json_string(text);
}

// The object of all names that begin with `prefix`; moves `at` behind them.
std::string object_json(const Values& values, Values::const_iterator& at,
                        const std::string& prefix) {
  std::string out;
  while (at != values.end() && at->first.starts_with(prefix)) {
    const auto rest = at->first.substr(prefix.size());
    const auto dot = rest.find('.');
    const auto name = rest.substr(0, dot);
    out += (out.empty() ? "" : ",") + json_string(name) + ":";
    if (dot == std::string::npos) {
      out += at->second;
      ++at;
    } else {
      out += object_json(values, at, prefix + name + ".");
    }
  }
  return "{" + out + "}";
}

}  // namespace

std::string configz(const AgentConfig& config) {
  Values values = {{"kind", json_string("KubeProxyConfiguration")},
                   {"apiVersion", json_string("kubeproxy.config.k8s.io/v1alpha1")}};
  for (const auto& field : config_fields()) {
    if (field.path.empty()) continue;
    values[std::string(field.path)] = value_json(field, field_text(config, field));
  }
  auto at = values.cbegin();
  return fmt::format("{{\"kubeproxy.config.k8s.io\":{}}}", object_json(values, at, ""));
}

}  // namespace reconcile
