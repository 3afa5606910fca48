#include "reconcile/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "reconcile/duration.h"

namespace reconcile {
namespace {

constexpr int kWrongInvocation = 2;

constexpr const char* kExamples =
    "Examples:\n"
    "  kube-ipvs agent --kubeconfig /var/lib/kube-ipvs/kubeconfig.conf\n"
    "  kube-ipvs status -n\n"
    "  kube-ipvs version\n";

// Kubernetes' users write -v=4; CLI11 knows -v 4, -v4 and --v=4.
std::vector<std::string> with_plain_v(std::vector<std::string> arguments) {
  for (auto& argument : arguments) {
    if (argument.starts_with("-v=")) argument.insert(0, 1, '-');
  }
  return arguments;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                          const std::string& text) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &value](const std::string& given) {
            const auto parsed = parse_duration(given);
            if (!parsed || parsed->count() == 0) {
              throw CLI::ValidationError(
                  name,
                  fmt::format("'{}' is no duration above 0; write it like 30s, 1m30s or 500ms",
                              given));
            }
            value = *parsed;
          },
          text)
      ->type_name("DURATION")
      ->default_str(to_string(std::chrono::nanoseconds(value)));
}

CLI::App* add_agent(CLI::App& app, AgentOptions& options) {
  auto* agent = app.add_subcommand(
      "agent", "Program this node's virtual servers from the API server, for ever");
  agent
      ->add_option("--kubeconfig", options.kubeconfig,
                   "File with the API server's address and our credentials (default: the pod's "
                   "service account)")
      ->type_name("FILE");
  agent
      ->add_option("--hostname-override", options.node_name,
                   "This node's name in the cluster (default: $NODE_NAME, then the host name)")
      ->type_name("NAME");
  add_duration(*agent, "--ipvs-sync-period", options.sync_period,
               "How often the kernel is read completely and repaired");
  add_duration(*agent, "--drain-deadline", options.drain_deadline,
               "How long connections may outlive their endpoint");
  agent
      ->add_option("-v,--v", options.verbosity,
                   "Log level: 0 least, 2 steady state, 3 changes, 4 debugging")
      ->capture_default_str()
      ->check(CLI::Range(0, 10));
  return agent;
}

CLI::App* add_status(CLI::App& app, StatusOptions& options) {
  auto* status =
      app.add_subcommand("status", "List the kernel's virtual servers, as ipvsadm -Ln does");
  status->add_flag("-n,--numeric", options.numeric, "Addresses and ports as numbers (always so)");
  return status;
}

}  // namespace

tl::expected<Options, Usage> parse_options(std::vector<std::string> arguments,
                                           const std::string& environment_node_name,
                                           const std::string& host_name) {
  AgentOptions options;
  CLI::App app("The service load balancer of a Kubernetes node, on the kernel's IPVS", "kube-ipvs");
  app.footer(kExamples);
  app.require_subcommand(1);
  const auto* agent = add_agent(app, options);
  StatusOptions status_options;
  const auto* status = add_status(app, status_options);
  app.add_subcommand("version", "Print the version");
  try {
    arguments = with_plain_v(std::move(arguments));
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a vector from its end
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return tl::unexpected(Usage{app.help(), 0});
  } catch (const CLI::Error& error) {
    return tl::unexpected(Usage{
        fmt::format("kube-ipvs: {}. See 'kube-ipvs --help'.\n", error.what()), kWrongInvocation});
  }
  if (*status) return Options(status_options);
  if (!*agent) return Options(VersionOptions{});
  if (options.node_name.empty()) options.node_name = environment_node_name;
  if (options.node_name.empty()) options.node_name = lower_case(host_name);
  return Options(options);
}

}  // namespace reconcile
