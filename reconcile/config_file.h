// kube-proxy's KubeProxyConfiguration file (kubeproxy.config.k8s.io/v1alpha1), field by field.
//
// As kube-proxy does: what is empty or null has its default, and an unknown field is a warning.
// A ConfigMap as kubeadm makes it is taken for the file that it holds. Pure: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reconcile/agent_config.h"

namespace reconcile {

enum class FindingKind : std::uint8_t { kHonoured, kWithoutEffect, kRefused, kUnknown };

// What became of one field of the file.
struct ConfigFinding {
  FindingKind kind;
  std::string path;   // "ipvs.scheduler"
  std::string value;  // as set_field() takes it; lists joined
  std::string text;   // why, and what to do; empty if honoured

  friend bool operator==(const ConfigFinding&, const ConfigFinding&) = default;
};

struct ConfigFile {
  AgentConfig config;
  std::vector<ConfigFinding> findings;  // in the file's order; defaults are no finding

  // There is a field that cannot be done, or whose value is none.
  [[nodiscard]] bool refused() const;
};

// `base` holds what the file leaves out. Or why the text is no such file.
[[nodiscard]] tl::expected<ConfigFile, std::string> read_config(std::string_view text,
                                                                const AgentConfig& base = {});

// `config check`'s report: a line for each finding, then a summary. Ends with a line end.
[[nodiscard]] std::string config_report(const ConfigFile& file);

}  // namespace reconcile
