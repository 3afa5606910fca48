#include "reconcile/agent_setup.h"

#include <fmt/core.h>

#include <optional>

#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"

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

}  // namespace

tl::expected<AgentSetup, std::string> agent_setup(const GivenFlags& given) {
  auto file = read_config_file(config_path(given));
  if (!file) return tl::unexpected(std::move(file.error()));
  auto config = resolve(given, *file, Surroundings::current());
  if (!config) return tl::unexpected(std::move(config.error()));
  AgentSetup setup{.config = *std::move(config), .findings = {}};
  if (*file) setup.findings = std::move((*file)->findings);
  return setup;
}

tl::expected<kube::ClusterAccess, std::string> cluster_access(const AgentConfig& config) {
  auto access = find_access(config);
  if (access) return *std::move(access);
  const auto& trouble = access.error();
  return tl::unexpected(fmt::format("{}: {}. {}", trouble.what, trouble.why, trouble.remedy));
}

}  // namespace reconcile
