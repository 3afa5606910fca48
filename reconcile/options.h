// The command line: subcommands, flags with their defaults and checks. No I/O but usage texts.
//
// Exit codes of the program: 0 done; 1 failed; 2 a wrong invocation, or no IPVS to look at.
#pragma once

#include <chrono>
#include <string>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace reconcile {

// kube-ipvs agent
struct AgentOptions {
  std::string kubeconfig;  // empty: in-cluster
  std::string node_name;   // never empty
  std::chrono::milliseconds sync_period{30'000};
  std::chrono::milliseconds drain_deadline{60'000};
  int verbosity = 2;
};

// kube-ipvs status
struct StatusOptions {
  bool numeric = false;  // the listing is numeric in any case; ipvsadm's users type -n
};

// kube-ipvs version
struct VersionOptions {};

// There is nothing to run: print `text` and exit with `code` (help on stdout with 0, else stderr).
struct Usage {
  std::string text;
  int code = 0;
};

using Options = std::variant<AgentOptions, StatusOptions, VersionOptions>;

// `arguments` without the program's name. `environment_node_name` is $NODE_NAME, may be empty;
// `host_name` the machine's. The node's name is --hostname-override, else NODE_NAME, else the host
// name in lower case, as kube-proxy has it.
[[nodiscard]] tl::expected<Options, Usage> parse_options(std::vector<std::string> arguments,
                                                         const std::string& environment_node_name,
                                                         const std::string& host_name);

}  // namespace reconcile
