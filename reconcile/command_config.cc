// kube-ipvs config check: what becomes of each field of a kube-proxy configuration.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "kube/access.h"
#include "reconcile/command.h"
#include "reconcile/config_file.h"

namespace reconcile {
namespace {

int check_config(const std::string& path) {
  const auto text = kube::read_file(path);
  if (!text) return complain(text.error()), kFailed;
  const auto file = read_config(*text);
  if (!file) return complain(fmt::format("{}: {}", path, file.error())), kFailed;
  print(config_report(*file));
  return file->refused() ? kFailed : kDone;
}

}  // namespace

void add_config_command(CLI::App& app, Action& chosen) {
  auto* config = add_subcommand(app, "config", "Look at kube-proxy's configuration with our eyes");
  config->require_subcommand(1);
  auto* check = add_subcommand(
      *config, "check",
      "Say of each field whether it is honoured, without effect, refused or unknown");
  check->footer("Exit codes: 0 it can be used; 1 a field is refused, or it is no configuration.\n");
  const auto path = std::make_shared<std::string>();
  check
      ->add_option("FILE", *path,
                   "A KubeProxyConfiguration, or kubeadm's ConfigMap with one, as YAML")
      ->required();
  check->callback([path, &chosen] { chosen = [path] { return check_config(*path); }; });
}

}  // namespace reconcile
