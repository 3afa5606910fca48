#include "ipvs/netlink_kernel.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "ipvs/flow_table.h"
#include "ipvs/ipvs_table.h"
#include "ipvs/kernel_errors.h"
#include "ipvs/nft_table.h"
#include "ipvs/node_addresses.h"
#include "ipvs/service_addresses.h"
#include "ipvs/sysctl.h"

namespace ipvs {
namespace {

// Which socket a step goes to.
struct DoorOf {
  KernelDoor operator()(const CreateLink&) const { return KernelDoor::kAddresses; }
  KernelDoor operator()(const BindAddress&) const { return KernelDoor::kAddresses; }
  KernelDoor operator()(const UnbindAddress&) const { return KernelDoor::kAddresses; }
  KernelDoor operator()(const InstallRules&) const { return KernelDoor::kRules; }
  KernelDoor operator()(const AddElement&) const { return KernelDoor::kRules; }
  KernelDoor operator()(const DeleteElement&) const { return KernelDoor::kRules; }
  KernelDoor operator()(const ForgetFlows&) const { return KernelDoor::kFlows; }
  KernelDoor operator()(const WriteSysctl&) const { return KernelDoor::kSysctls; }
  template <class ServerStep>
  KernelDoor operator()(const ServerStep&) const {
    return KernelDoor::kIpvs;
  }
};

KernelDoor door_of(const Step& step) { return std::visit(DoorOf(), step); }

void write_sysctls(std::span<const Step> steps, std::span<Outcome> outcomes) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* wanted = std::get_if<WriteSysctl>(&steps[i]);
    const int code = wanted == nullptr ? EINVAL : write_sysctl(wanted->path, wanted->value);
    if (code != 0) outcomes[i] = step_error(steps[i], code);
  }
}

std::vector<SysctlReading> read(const std::vector<std::string>& paths) {
  std::vector<SysctlReading> readings;
  std::transform(paths.begin(), paths.end(), std::back_inserter(readings),
                 [](const std::string& path) {
                   return SysctlReading{.path = path, .value = read_sysctl(path)};
                 });
  return readings;
}

}  // namespace

struct NetlinkKernel::Doors {
  IpvsTable ipvs;
  ServiceAddresses addresses;
  NftTable rules;
  FlowTable flows;
  NodeAddresses node;

  void write(KernelDoor door, std::span<const Step> steps, std::span<Outcome> outcomes) {
    switch (door) {
      case KernelDoor::kIpvs:
        return ipvs.write(steps, outcomes);
      case KernelDoor::kAddresses:
        return addresses.write(steps, outcomes);
      case KernelDoor::kRules:
        return rules.write(steps, outcomes);
      case KernelDoor::kFlows:
        return flows.write(steps, outcomes);
      case KernelDoor::kSysctls:
        return write_sysctls(steps, outcomes);
    }
  }
};

NetlinkKernel::NetlinkKernel(std::unique_ptr<Doors> doors, KernelSettings settings)
    : doors_(std::move(doors)), settings_(std::move(settings)) {}
NetlinkKernel::~NetlinkKernel() = default;

Result<std::unique_ptr<NetlinkKernel>> NetlinkKernel::open(KernelSettings settings) {
  auto ipvs = IpvsTable::open();
  if (!ipvs) return tl::unexpected(ipvs.error());
  auto addresses = ServiceAddresses::open();
  if (!addresses) return tl::unexpected(addresses.error());
  auto rules = NftTable::open(settings.rules);
  if (!rules) return tl::unexpected(rules.error());
  auto flows = FlowTable::open();
  if (!flows) return tl::unexpected(flows.error());
  auto node = NodeAddresses::open();
  if (!node) return tl::unexpected(node.error());
  return std::unique_ptr<NetlinkKernel>(new NetlinkKernel(
      std::make_unique<Doors>(Doors{*std::move(ipvs), *std::move(addresses), *std::move(rules),
                                    *std::move(flows), *std::move(node)}),
      std::move(settings)));
}

Result<Observation> NetlinkKernel::observe() { return observation(doors_->ipvs.observe()); }

Result<Observation> NetlinkKernel::sweep() { return observation(doors_->ipvs.sweep()); }

Result<SettingsReading> NetlinkKernel::read_settings() {
  const auto timeouts = doors_->ipvs.timeouts();
  if (!timeouts) return tl::unexpected(timeouts.error());
  return SettingsReading{.timeouts = *timeouts, .sysctls = read(settings_.sysctls)};
}

// The virtual servers, and everything else.
Result<Observation> NetlinkKernel::observation(Result<VirtualServers> virtual_servers) {
  if (!virtual_servers) return tl::unexpected(virtual_servers.error());
  const auto info = doors_->ipvs.info();
  if (!info) return tl::unexpected(info.error());
  auto settings = read_settings();
  if (!settings) return tl::unexpected(settings.error());
  auto addresses = doors_->node.observe();
  if (!addresses) return tl::unexpected(addresses.error());
  auto rules = doors_->rules.observe();
  if (!rules) return tl::unexpected(rules.error());
  return Observation{.info = *info,
                     .virtual_servers = *std::move(virtual_servers),
                     .link_present = addresses->link_present,
                     .bound = std::move(addresses->bound),
                     .rules_intact = rules->intact,
                     .elements = std::move(rules->elements),
                     .node_addresses = std::move(addresses->own),
                     .timeouts = settings->timeouts,
                     .sysctls = std::move(settings->sysctls)};
}

Result<std::vector<ObservedVirtualServer>> NetlinkKernel::observe(
    std::span<const VirtualServerId> ids) {
  return doors_->ipvs.observe(ids);
}

Outcome NetlinkKernel::remove_rules() { return doors_->rules.remove(); }

Outcome NetlinkKernel::remove_link() { return doors_->addresses.remove_link(); }

std::vector<SharedPort> NetlinkKernel::ports() const {
  std::vector<SharedPort> ports = doors_->rules.ports();
  ports.push_back(doors_->addresses.port());
  return ports;
}

std::vector<Outcome> NetlinkKernel::write(std::span<const Step> steps) {
  std::vector<Outcome> outcomes(steps.size());
  std::span<Outcome> open(outcomes);
  while (!steps.empty()) {
    const KernelDoor door = door_of(steps.front());
    const auto end = std::find_if(steps.begin(), steps.end(),
                                  [&](const Step& step) { return door_of(step) != door; });
    const auto run = static_cast<std::size_t>(end - steps.begin());
    doors_->write(door, steps.first(run), open.first(run));
    steps = steps.subspan(run);
    open = open.subspan(run);
  }
  return outcomes;
}

}  // namespace ipvs
