// kube-ipvs agent: flags and file become a configuration, the API door is found, the daemon runs.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "kube/access.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"
#include "reconcile/agent_flags.h"
#include "reconcile/command.h"
#include "reconcile/config_file.h"
#include "reconcile/daemon.h"
#include "reconcile/log.h"

namespace reconcile {
namespace {

tl::expected<std::optional<ConfigFile>, std::string> read_config_file(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto text = kube::read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto file = read_config(*text);
  if (!file) return tl::unexpected(fmt::format("{}: {}", path, file.error()));
  for (const auto& finding : file->findings) {
    if (finding.kind == FindingKind::kRefused) {
      return tl::unexpected(fmt::format("{}: {}: {}", path, finding.path, finding.text));
    }
  }
  return *std::move(file);
}

tl::expected<kube::ClusterAccess, kube::Trouble> find_access(const AgentConfig& config) {
  auto access = config.kubeconfig.empty() ? kube::in_cluster_access(kube::PodEnvironment::current())
                                          : kube::load_kubeconfig(config.kubeconfig);
  if (!access || config.master.empty()) return access;
  if (const auto set = kube::set_server(*access, config.master); !set) {
    return tl::unexpected(kube::Trouble{.what = "--master", .why = set.error()});
  }
  return access;
}

void report(Log& log, const AgentConfig& config, const std::optional<ConfigFile>& file) {
  if (file) {
    for (const auto& finding : file->findings) {
      if (finding.kind != FindingKind::kUnknown) continue;
      log.warning("The configuration has an unknown field",
                  {{"field", finding.path}, {"hint", finding.text}});
    }
  }
  for (const auto& [name, why] : config.without_effect) {
    log.info(1, "A setting has no effect here", {{"setting", name}, {"because", why}});
  }
}

int run_agent(const GivenFlags& given, Run run) {
  const auto file = read_config_file(config_path(given));
  if (!file) return complain(file.error()), kWrongInvocation;
  const auto config = resolve(given, *file, Surroundings::current());
  if (!config) return complain(config.error()), kWrongInvocation;
  const auto access = find_access(*config);
  if (!access) {
    const auto& trouble = access.error();
    complain(fmt::format("{}: {}. {}", trouble.what, trouble.why, trouble.remedy));
    return kWrongInvocation;
  }
  Log log(config->verbosity, {},
          config->logging_format == "json" ? LogFormat::kJson : LogFormat::kText);
  report(log, *config, *file);
  return run_daemon(*config, *access, log, run);
}

}  // namespace

void add_agent_command(CLI::App& app, Action& chosen) {
  auto* agent = app.add_subcommand(
      "agent", "Program this node's virtual servers from the API server, for ever");
  const auto given = std::make_shared<GivenFlags>();
  add_agent_flags(*agent, *given);
  const auto dry_run = std::make_shared<bool>(false);
  agent->add_flag("--dry-run", *dry_run,
                  "Print, as a script, what the first sync would write; write nothing, and end");
  agent->callback([given, dry_run, &chosen] {
    chosen = [given, dry_run] { return run_agent(*given, *dry_run ? Run::kDry : Run::kForEver); };
  });
}

}  // namespace reconcile
