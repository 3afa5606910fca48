// kube-ipvs agent: flags and file become a configuration, the API door is found, the daemon runs.
#include <CLI/CLI.hpp>
#include <memory>

#include "reconcile/agent_flags.h"
#include "reconcile/agent_setup.h"
#include "reconcile/command.h"
#include "reconcile/daemon.h"
#include "reconcile/file_watch.h"
#include "reconcile/log.h"

namespace reconcile {
namespace {

void report(Log& log, const AgentSetup& setup) {
  for (const auto& finding : setup.findings) {
    if (finding.kind != FindingKind::kUnknown) continue;
    log.warning("The configuration has an unknown field",
                {{"field", finding.path}, {"hint", finding.text}});
  }
  for (const auto& [name, why] : setup.config.without_effect) {
    log.info(1, "A setting has no effect here", {{"setting", name}, {"because", why}});
  }
}

tl::expected<AgentConfig, std::string> read_again(const GivenFlags& given, Log& log) {
  auto setup = agent_setup(given);
  if (!setup) return tl::unexpected(std::move(setup.error()));
  report(log, *setup);
  return std::move(setup->config);
}

int run_agent(const GivenFlags& given, Run run) {
  const auto path = config_path(given);
  const auto known = path.empty() ? std::string() : FileWatch::contents(path);
  const auto setup = agent_setup(given);
  if (!setup) return complain(setup.error()), kWrongInvocation;
  const auto& config = setup->config;
  const auto access = cluster_access(config);
  if (!access) return complain(access.error()), kWrongInvocation;
  Log log(config.verbosity, {},
          config.logging_format == "json" ? LogFormat::kJson : LogFormat::kText);
  report(log, *setup);
  const ConfigSource source{
      .path = path, .known = known, .read = [&] { return read_again(given, log); }};
  return run_daemon(config, source, *access, log, run);
}

}  // namespace

void add_agent_command(CLI::App& app, Action& chosen) {
  auto* agent = add_subcommand(app, "agent",
                               "Program this node's virtual servers from the API server, for ever");
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
