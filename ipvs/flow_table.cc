#include "ipvs/flow_table.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "ipvs/kernel_errors.h"
#include "ipvs/wire_address.h"

namespace ipvs {
namespace {

constexpr int kDumpAttempts = 5;

using StepsByService = std::map<RealServerId, std::size_t>;  // the service's address and port

const ForgetFlows& wish_of(const Step& step) { return std::get<ForgetFlows>(step); }

bool is_of(std::uint8_t family, const Step& step) {
  return to_wire(wish_of(step).id.address).family == family;
}

StepsByService by_service(std::uint8_t family, std::span<const Step> steps) {
  StepsByService wishes;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const VirtualServerId& id = wish_of(steps[i]).id;
    const bool is_udp = id.fwmark == 0 && id.protocol == Protocol::kUdp;
    if (is_udp && is_of(family, steps[i])) wishes[{id.address, id.port}] = i;
  }
  return wishes;
}

}  // namespace

Result<FlowTable> FlowTable::open() {
  auto socket = Socket::open(NETLINK_NETFILTER);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kFlows, socket.error().code));
  return FlowTable(*std::move(socket));
}

void FlowTable::write(std::span<const Step> steps, std::span<Outcome> outcomes) {
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    write(family, steps, outcomes);
  }
}

void FlowTable::write(std::uint8_t family, std::span<const Step> steps,
                      std::span<Outcome> outcomes) {
  if (by_service(family, steps).empty()) return;
  std::vector<Stale> stale;
  int code = EINTR;
  for (int attempt = 0; code == EINTR && attempt < kDumpAttempts; ++attempt) {
    stale.clear();
    code = read(family, steps, stale);
  }
  forget(stale, steps, outcomes);
  if (code == 0) return;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (is_of(family, steps[i])) outcomes[i] = step_error(steps[i], code);
  }
}

int FlowTable::read(std::uint8_t family, std::span<const Step> steps, std::vector<Stale>& stale) {
  const StepsByService wishes = by_service(family, steps);
  batch_.clear();
  put_dump_flows(batch_, family);
  return socket_.dump(batch_, [&](nlmsghdr* message) {
    const auto flow = udp_flow_in(message);
    if (!flow) return;
    const auto wish = wishes.find(flow->asked);
    if (wish == wishes.end()) return;
    const auto& keep = wish_of(steps[wish->second]).keep;
    if (std::binary_search(keep.begin(), keep.end(), flow->answered_by)) return;
    stale.push_back({*flow, wish->second});
  });
}

void FlowTable::forget(std::span<const Stale> stale, std::span<const Step> steps,
                       std::span<Outcome> outcomes) {
  while (!stale.empty()) {
    const auto chunk = stale.first(std::min(stale.size(), socket_.capacity()));
    batch_.clear();
    for (const Stale& one : chunk) put_delete_flow(batch_, one.flow);
    const auto codes = socket_.exchange(batch_);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (codes[i] == 0 || codes[i] == ENOENT) continue;
      outcomes[chunk[i].step] = step_error(steps[chunk[i].step], codes[i]);
    }
    stale = stale.subspan(chunk.size());
  }
}

}  // namespace ipvs
