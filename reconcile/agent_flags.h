// kube-proxy's flags, and ours, as the agent takes them. They and the file of --config become one
// AgentConfig, with kube-proxy's precedence: beside a file only the flags that are no setting of
// it, the log's, and --hostname-override count; the others are taken without effect.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "reconcile/config_field.h"
#include "reconcile/config_file.h"

namespace reconcile {

struct GivenFlag {
  const ConfigField* field;
  std::string value;
};
using GivenFlags = std::vector<GivenFlag>;

// Adds every flag of config_fields() to `app`. Parsing fills `given`, which must outlive `app`.
void add_agent_flags(CLI::App& app, GivenFlags& given);

// The file that --config names; empty: none.
[[nodiscard]] std::string config_path(const GivenFlags& given);

// What the environment adds to the configuration.
struct Surroundings {
  std::string node_name;  // $NODE_NAME, may be empty
  std::string host_name;

  // Those of this process.
  [[nodiscard]] static Surroundings current();
};

// The configuration, complete; or which value is none, and what to do. Without --hostname-override
// the node has the name in NODE_NAME, else the host's in lower case, as in kube-proxy.
[[nodiscard]] tl::expected<AgentConfig, std::string> resolve(const GivenFlags& given,
                                                             const std::optional<ConfigFile>& file,
                                                             const Surroundings& surroundings);

}  // namespace reconcile
