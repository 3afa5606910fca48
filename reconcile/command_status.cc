// kube-ipvs status: the kernel's table as ipvsadm lists it.
#include <memory>

#include "ipvs/netlink_kernel.h"
#include "reconcile/command.h"
#include "reconcile/status.h"

namespace reconcile {
namespace {

int show_status() {
  const auto text =
      ipvs::NetlinkKernel::open().and_then([](auto&& kernel) { return status(*kernel); });
  if (!text) return complain(ipvs::to_string(text.error())), kWrongInvocation;
  print(*text);
  return kDone;
}

}  // namespace

void add_status_command(CLI::App& app, Action& chosen) {
  auto* status =
      app.add_subcommand("status", "List the kernel's virtual servers, as ipvsadm -Ln does");
  status->add_flag("-n,--numeric")->description("Addresses and ports as numbers (always so)");
  status->callback([&chosen] { chosen = show_status; });
}

}  // namespace reconcile
