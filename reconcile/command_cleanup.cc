// kube-ipvs cleanup: removes from the node what nobody needs there any more.
#include <memory>

#include "ipvs/kube_proxy_cleaner.h"
#include "reconcile/command.h"

namespace reconcile {
namespace {

int clean_up_after_kube_proxy(bool dry_run) {
  auto cleaner = ipvs::KubeProxyCleaner::open();
  const auto leftovers = cleaner ? cleaner->find() : tl::unexpected(cleaner.error());
  if (!leftovers) {
    complain(ipvs::to_string(leftovers.error()));
    return kWrongInvocation;
  }
  print(ipvs::to_commands(*leftovers));
  if (dry_run) return kDone;
  const auto errors = cleaner->remove(*leftovers);
  for (const auto& error : errors) complain(ipvs::to_string(error));
  return errors.empty() ? kDone : kFailed;
}

}  // namespace

void add_cleanup_command(CLI::App& app, Action& chosen) {
  auto* cleanup = app.add_subcommand("cleanup", "Remove what nobody needs on the node any more");
  cleanup->footer(
      "Prints each step as the command that would do the same.\n"
      "Exit code: 0 done (or nothing to do), 1 something could not be removed, 2 it could not "
      "look.");
  struct Options {
    bool kube_proxy = false;
    bool dry_run = false;
  };
  const auto options = std::make_shared<Options>();
  cleanup
      ->add_flag("--kube-proxy", options->kube_proxy,
                 "What kube-proxy in ipvs mode left behind: its chains and rules in iptables-nft, "
                 "its ipsets. Stop kube-proxy first, or it makes them again. Virtual servers are "
                 "the agent's: it has adopted them.")
      ->required();
  cleanup->add_flag("--dry-run", options->dry_run, "Only print what would be removed");
  cleanup->callback([options, &chosen] {
    chosen = [dry_run = options->dry_run] { return clean_up_after_kube_proxy(dry_run); };
  });
}

}  // namespace reconcile
