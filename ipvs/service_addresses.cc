#include "ipvs/service_addresses.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "ipvs/kernel_errors.h"
#include "ipvs/wire_address.h"

namespace ipvs {
namespace {

void put_link_header(MessageBatch& batch) { batch.put_header(ifinfomsg{}); }

void put_address_command(MessageBatch& batch, std::uint16_t type, std::uint16_t flags, int link,
                         const Address& address) {
  const WireAddress wire = to_wire(address);
  batch.begin(type, flags);
  batch.put_header(ifaddrmsg{.ifa_family = wire.family,
                             .ifa_prefixlen = static_cast<std::uint8_t>(wire.size * 8),
                             .ifa_flags = 0,
                             .ifa_scope = RT_SCOPE_UNIVERSE,
                             .ifa_index = static_cast<std::uint32_t>(link)});
  batch.put_bytes(IFA_LOCAL, wire.bytes.data(), wire.size);
  batch.put_bytes(IFA_ADDRESS, wire.bytes.data(), wire.size);
  // Duplicate address detection never ends on a link that is down: the address would stay unusable.
  if (address.is_v6()) {
    batch.put<std::uint32_t>(IFA_FLAGS, IFA_F_NODAD);
    // Not preferred: else the node would choose it as a source where it lies nearer to the
    // destination than its own addresses (RFC 6724, rules 3 and 8), in masquerading too.
    batch.put(IFA_CACHEINFO, ifa_cacheinfo{.ifa_prefered = 0,
                                           .ifa_valid = std::numeric_limits<std::uint32_t>::max(),
                                           .cstamp = 0,
                                           .tstamp = 0});
  }
  batch.end();
}

void put_step(MessageBatch& batch, int link, const Step& step) {
  if (const auto* bind = std::get_if<BindAddress>(&step)) {
    put_address_command(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, bind->address);
  } else if (const auto* unbind = std::get_if<UnbindAddress>(&step)) {
    put_address_command(batch, RTM_DELADDR, 0, link, unbind->address);
  }
}

bool is_create_link(const Step& step) { return std::holds_alternative<CreateLink>(step); }

}  // namespace

Result<ServiceAddresses> ServiceAddresses::open() {
  auto socket = Socket::open(NETLINK_ROUTE);
  if (!socket) return tl::unexpected(open_error(KernelDoor::kAddresses, socket.error().code));
  return ServiceAddresses(*std::move(socket));
}

int ServiceAddresses::create_link() {
  batch_.clear();
  batch_.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  put_link_header(batch_);
  batch_.put_text(IFLA_IFNAME, kServiceInterface);
  const auto link_info = batch_.begin_nest(IFLA_LINKINFO);
  batch_.put_text(IFLA_INFO_KIND, "dummy");  // which is NOARP by birth
  batch_.end_nest(link_info);
  batch_.end();
  return socket_.exchange(batch_).front();
}

Outcome ServiceAddresses::remove_link() {
  batch_.clear();
  batch_.begin(RTM_DELLINK);
  put_link_header(batch_);
  batch_.put_text(IFLA_IFNAME, kServiceInterface);
  batch_.end();
  const int code = socket_.exchange(batch_).front();
  if (code == 0 || code == ENODEV) return std::nullopt;
  return with_remedy({.code = code,
                      .operation = "delete link",
                      .subject = std::string(kServiceInterface),
                      .remedy = {}});
}

int ServiceAddresses::link_index() {
  batch_.clear();
  batch_.begin(RTM_GETLINK);
  put_link_header(batch_);
  batch_.put_text(IFLA_IFNAME, kServiceInterface);
  batch_.end();
  int index = 0;
  const auto codes = socket_.exchange(batch_, [&](nlmsghdr* message) {
    if (nlmsg_valid_hdr(message, sizeof(ifinfomsg)) == 0) return;
    index = static_cast<const ifinfomsg*>(nlmsg_data(message))->ifi_index;
  });
  if (codes.front() == ENODEV) return 0;
  return codes.front() != 0 ? -codes.front() : index;
}

void ServiceAddresses::write(std::span<const Step> steps, std::span<Outcome> outcomes) {
  while (!steps.empty()) {
    if (is_create_link(steps.front())) {
      if (const int code = create_link(); code != 0) {
        outcomes.front() = step_error(steps.front(), code);
      }
      steps = steps.subspan(1);
      outcomes = outcomes.subspan(1);
      continue;
    }
    const auto next_link = std::find_if(steps.begin(), steps.end(), is_create_link);
    const auto run = static_cast<std::size_t>(next_link - steps.begin());
    write_addresses(steps.first(run), outcomes.first(run));
    steps = steps.subspan(run);
    outcomes = outcomes.subspan(run);
  }
}

void ServiceAddresses::write_addresses(std::span<const Step> steps, std::span<Outcome> outcomes) {
  const int link = link_index();
  for (std::size_t first = 0; first < steps.size();) {
    if (link <= 0) {
      outcomes[first] = step_error(steps[first], link == 0 ? ENODEV : -link);
      ++first;
      continue;
    }
    batch_.clear();
    while (first + batch_.size() < steps.size() && batch_.size() < socket_.capacity()) {
      put_step(batch_, link, steps[first + batch_.size()]);
    }
    for (const int code : socket_.exchange(batch_)) {
      if (code != 0) outcomes[first] = step_error(steps[first], code);
      ++first;
    }
  }
}

}  // namespace ipvs
