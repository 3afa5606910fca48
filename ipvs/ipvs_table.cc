#include "ipvs/ipvs_table.h"

#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "ipvs/attributes.h"
#include "ipvs/ipvs_codec.h"
#include "ipvs/kernel_errors.h"
#include "ipvs/words.h"

namespace ipvs {
namespace {

constexpr std::size_t kMaxBatchBytes = 256 << 10;
constexpr int kReadAttempts = 10;

tl::unexpected<Error> read_error(int code, std::string operation, std::string subject = {}) {
  return tl::unexpected(with_remedy(
      {.code = code, .operation = std::move(operation), .subject = std::move(subject)}));
}

// A dump that ran while somebody else wrote may show an entry twice; the first time counts.
template <class Observed>
void drop_repeated(std::vector<Observed>& entries) {
  std::set<decltype(Observed::id)> seen;
  std::erase_if(entries, [&](const Observed& entry) { return !seen.insert(entry.id).second; });
}

bool is_before(const Ipv4VirtualServer& a, const Ipv4VirtualServer& b) { return a.id < b.id; }

// Those of `listed`, which is sorted, that a dump left out.
std::vector<VirtualServerId> missing_in(const std::vector<ObservedVirtualServer>& services,
                                        const std::vector<Ipv4VirtualServer>& listed) {
  std::vector<VirtualServerId> seen;
  for (const auto& service : services) seen.push_back(service.id);
  std::sort(seen.begin(), seen.end());
  std::vector<VirtualServerId> missing;
  for (const auto& [id, count] : listed) {
    if (!std::binary_search(seen.begin(), seen.end(), id)) missing.push_back(id);
  }
  return missing;
}

bool is_tunnelled(const ObservedRealServer& server) {
  return server.settings.forward == Forward::kTunnel;
}

bool same_id(const ObservedVirtualServer& a, const ObservedVirtualServer& b) {
  return a.id == b.id;
}

}  // namespace

Result<IpvsTable> IpvsTable::open() {
  auto socket = Socket::open(NETLINK_GENERIC);
  if (!socket) return tl::unexpected(with_remedy(socket.error()));
  IpvsTable table(*std::move(socket));
  if (const int code = table.resolve_family(); code != 0) {
    return tl::unexpected(open_error(KernelDoor::kIpvs, code));
  }
  if (const auto info = table.info(); !info) {
    return tl::unexpected(open_error(KernelDoor::kIpvs, info.error().code));
  }
  return table;
}

int IpvsTable::resolve_family() {
  batch_.clear();
  batch_.begin(GENL_ID_CTRL);
  batch_.put_header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
  batch_.put_text(CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME);
  batch_.end();
  const auto codes = socket_.exchange(batch_, [this](nlmsghdr* message) {
    family_ =
        Attributes<CTRL_ATTR_MAX>(message, GENL_HDRLEN).get<std::uint16_t>(CTRL_ATTR_FAMILY_ID);
  });
  if (codes.front() != 0) return codes.front();
  return family_ == 0 ? EBADMSG : 0;
}

Result<KernelInfo> IpvsTable::info() {
  batch_.clear();
  put_get_info(batch_, family_);
  std::optional<KernelInfo> info;
  const auto codes = socket_.exchange(batch_, [&](nlmsghdr* message) { info = info_in(message); });
  if (codes.front() != 0) return read_error(codes.front(), "read IPVS version");
  if (!info) return read_error(EBADMSG, "read IPVS version");
  return *info;
}

Result<Timeouts> IpvsTable::timeouts() {
  batch_.clear();
  put_get_timeouts(batch_, family_);
  Timeouts timeouts;
  const auto codes =
      socket_.exchange(batch_, [&](nlmsghdr* message) { timeouts = timeouts_in(message); });
  if (codes.front() != 0) return read_error(codes.front(), "read IPVS time-outs");
  return timeouts;
}

Result<std::vector<SyncDaemon>> IpvsTable::daemons() {
  batch_.clear();
  put_dump_daemons(batch_, family_);
  std::vector<SyncDaemon> daemons;
  bool malformed = false;
  const int code = socket_.dump(batch_, [&](nlmsghdr* message) {
    auto daemon = daemon_in(message);
    malformed = malformed || !daemon;
    if (daemon) daemons.push_back(*std::move(daemon));
  });
  if (code != 0 || malformed) return read_error(code != 0 ? code : EBADMSG, "read sync daemons");
  return daemons;
}

Result<std::vector<ObservedVirtualServer>> IpvsTable::observe() {
  std::vector<ObservedVirtualServer> services;
  if (const int code = read_services(services); code != 0) {
    return read_error(code, "read virtual servers");
  }
  return with_dests(std::move(services));
}

Result<std::vector<ObservedVirtualServer>> IpvsTable::observe(
    std::span<const VirtualServerId> ids) {
  std::vector<ObservedVirtualServer> services;
  if (const int code = read_services(ids, services); code != 0) {
    return read_error(code, "read virtual servers");
  }
  return with_dests(std::move(services));
}

// Until two reads in a row agree. The dump's cursor is a plain index that the kernel keeps no watch
// over, and before Linux 7.1 it runs over the services of all network namespaces: somebody who
// deletes services in another container makes ours vanish from a read. Who writes without a pause
// must not keep us from reading at all: after some attempts the last read stands, gaps and all.
int IpvsTable::read_services(std::vector<ObservedVirtualServer>& services) {
  if (const int code = dump_services(services); code != 0) return code;
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    std::vector<ObservedVirtualServer> previous;
    previous.swap(services);
    if (const int code = dump_services(services); code != 0) return code;
    if (std::equal(previous.begin(), previous.end(), services.begin(), services.end(), same_id)) {
      break;
    }
  }
  return 0;
}

int IpvsTable::dump_services(std::vector<ObservedVirtualServer>& services) {
  batch_.clear();
  put_dump_services(batch_, family_);
  bool malformed = false;
  const int code = socket_.dump(batch_, [&](nlmsghdr* message) {
    auto service = service_in(message);
    malformed = malformed || !service;
    if (service) services.push_back(*std::move(service));
  });
  if (code != 0) return code;
  drop_repeated(services);
  return malformed ? EBADMSG : 0;
}

// Appends them, those that do not exist left out.
int IpvsTable::read_services(std::span<const VirtualServerId> ids,
                             std::vector<ObservedVirtualServer>& services) {
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(ids.size(), socket_.capacity() / 8 + 1));
    if (const int code = read_chunk(chunk, services); code != 0) return code;
    ids = ids.subspan(chunk.size());
  }
  return 0;
}

int IpvsTable::read_chunk(std::span<const VirtualServerId> ids,
                          std::vector<ObservedVirtualServer>& services) {
  batch_.clear();
  for (const VirtualServerId& id : ids) put_get_service(batch_, family_, id);
  bool malformed = false;
  const auto codes = socket_.exchange(batch_, [&](nlmsghdr* message) {
    auto service = service_in(message);
    malformed = malformed || !service;
    if (service) services.push_back(*std::move(service));
  });
  for (const int code : codes) {
    if (code != 0 && code != ESRCH) return code;  // ESRCH: it does not exist (any more)
  }
  return malformed ? EBADMSG : 0;
}

int IpvsTable::read_dests(ObservedVirtualServer& parent) {
  batch_.clear();
  put_dump_dests(batch_, family_, parent.id);
  bool malformed = false;
  const int code = socket_.dump(batch_, [&](nlmsghdr* message) {
    auto dest = dest_in(message, parent.id);
    malformed = malformed || !dest;
    if (dest) parent.real_servers.push_back(*std::move(dest));
  });
  if (code != 0) return code;
  drop_repeated(parent.real_servers);
  return malformed ? EBADMSG : 0;
}

Result<std::vector<ObservedVirtualServer>> IpvsTable::with_dests(
    std::vector<ObservedVirtualServer> services) {
  for (ObservedVirtualServer& service : services) {
    if (const int code = read_dests(service); code != 0) {
      return read_error(code, "read real servers of", to_string(service.id));
    }
  }
  return services;
}

// Settings from one dump, gaps and all; what the list of IPv4 has and the dump has not is asked for
// by name. Nothing is read again, so whoever writes without a pause cannot keep us from an answer.
Result<std::vector<ObservedVirtualServer>> IpvsTable::sweep() {
  std::vector<Ipv4VirtualServer> listed;
  if (ipv4_.read(listed) != 0) return observe();
  std::sort(listed.begin(), listed.end(), is_before);
  std::vector<ObservedVirtualServer> services;
  int code = dump_services(services);
  if (code == 0) code = read_services(missing_in(services, listed), services);
  if (code != 0) return read_error(code, "read virtual servers");
  for (ObservedVirtualServer& service : services) {
    if (code = sweep_dests(service, listed); code != 0) {
      return read_error(code, "read real servers of", to_string(service.id));
    }
  }
  return services;
}

// The cheap way if what it says is all there is to say.
int IpvsTable::sweep_dests(ObservedVirtualServer& parent,
                           const std::vector<Ipv4VirtualServer>& listed) {
  const auto found =
      std::lower_bound(listed.begin(), listed.end(), Ipv4VirtualServer{.id = parent.id}, is_before);
  if (found == listed.end() || found->id != parent.id) return read_dests(parent);
  if (found->real_servers == 0) return 0;
  auto& servers = parent.real_servers;
  const bool answered = ipv4_.read(*found, servers) == 0;
  const bool whole = answered && servers.size() == found->real_servers &&
                     std::none_of(servers.begin(), servers.end(), is_tunnelled);
  if (whole) return 0;
  servers.clear();
  return read_dests(parent);
}

void IpvsTable::write(std::span<const Step> steps, std::span<Outcome> outcomes) {
  for (std::size_t first = 0; first < steps.size();) {
    batch_.clear();
    while (first + batch_.size() < steps.size() && batch_.size() < socket_.capacity() &&
           batch_.bytes().size() < kMaxBatchBytes) {
      put_step(batch_, family_, steps[first + batch_.size()]);
    }
    for (const int code : socket_.exchange(batch_)) {
      if (code != 0) outcomes[first] = step_error(steps[first], code);
      ++first;
    }
  }
}

}  // namespace ipvs
