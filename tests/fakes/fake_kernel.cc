#include "tests/fakes/fake_kernel.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <stdexcept>
#include <string_view>

#include "ipvs/set_shape.h"
#include "ipvs/step_text.h"

using ipvs::Address;
using ipvs::Forward;
using ipvs::ObservedRealServer;
using ipvs::ObservedVirtualServer;
using ipvs::RealServer;
using ipvs::RealServerId;
using ipvs::VirtualServer;
using ipvs::VirtualServerId;

namespace {

bool is_known_scheduler(std::string_view name) {
  constexpr std::array<std::string_view, 14> kSchedulers = {"rr",  "wrr",  "lc",    "wlc", "fo",
                                                            "ovf", "lblc", "lblcr", "dh",  "sh",
                                                            "mh",  "sed",  "nq",    "twos"};
  return std::find(kSchedulers.begin(), kSchedulers.end(), name) != kSchedulers.end();
}

int refusal_of(const VirtualServerId& id, const VirtualServer& settings) {
  if (!is_known_scheduler(settings.scheduler)) return ENOENT;
  if (!settings.persistence_engine.empty() && settings.persistence_engine != "sip") return ENOENT;
  const bool is_prefix = settings.netmask >= 1 && settings.netmask <= 128;
  return id.address.is_v6() && !is_prefix ? EINVAL : 0;
}

int refusal_of(const RealServer& settings) {
  if (settings.weight < 0) return ERANGE;
  return settings.lower_threshold > settings.upper_threshold ? ERANGE : 0;
}

// The kernel wants a unicast address, and of IPv6 one that needs no interface.
bool is_acceptable(const Address& address) {
  if (address.is_unspecified() || address.is_multicast()) return false;
  if (address.is_v4()) return address.to_v4() != boost::asio::ip::address_v4::broadcast();
  return !address.to_v6().is_link_local() && !address.to_v6().is_v4_mapped();
}

VirtualServer as_stored(VirtualServer settings) {
  settings.flags &= ~ipvs::VirtualServerFlag::kHashed;
  return settings;
}

bool holds(const ipvs::AddressRange& range, const Address& address) {
  const auto first_bits = [&](const Address& a) {
    std::string bits;
    const auto append = [&](const auto& bytes) {
      for (const auto byte : bytes) bits += std::bitset<8>(byte).to_string();
    };
    a.is_v4() ? append(a.to_v4().to_bytes()) : append(a.to_v6().to_bytes());
    return bits.substr(0, range.prefix);
  };
  return address.is_v4() == range.address.is_v4() &&
         first_bits(address) == first_bits(range.address);
}

// Two elements of a set of ranges, of which one is inside the other.
bool overlap(const ipvs::SetElement& a, const ipvs::SetElement& b) {
  if (!ipvs::has_ranges(ipvs::shape_of(a.set)) || a.set != b.set || a == b) return false;
  const bool same_port = a.address == b.address && a.protocol == b.protocol && a.port == b.port;
  return same_port && (holds(a.range, b.range.address) || holds(b.range, a.range.address));
}

auto has_id(const RealServerId& id) {
  return [&id](const ObservedRealServer& server) { return server.id == id; };
}

}  // namespace

ipvs::Result<ipvs::Observation> FakeKernel::observe() {
  ++full_reads_;
  ipvs::Observation seen;
  seen.info = {.version = 0x010201, .connection_table_size = 4096};
  for (const auto& [id, server] : table_) seen.virtual_servers.push_back(server);
  seen.link_present = link_present_;
  seen.bound.assign(bound_.rbegin(), bound_.rend());
  seen.rules_intact = rules_intact_;
  seen.elements.assign(elements_.rbegin(), elements_.rend());
  seen.node_addresses = node_addresses_;
  seen.timeouts = timeouts_;
  for (const std::string& path : settings_.sysctls) {
    const auto value = sysctls_.find(path);
    seen.sysctls.push_back(
        {path, value == sysctls_.end() ? std::nullopt : std::optional(value->second)});
  }
  return seen;
}

ipvs::Result<std::vector<ObservedVirtualServer>> FakeKernel::observe(
    std::span<const VirtualServerId> ids) {
  ++partial_reads_;
  std::vector<ObservedVirtualServer> seen;
  for (const VirtualServerId& id : ids) {
    if (const ObservedVirtualServer* server = find(id)) seen.push_back(*server);
  }
  return seen;
}

std::vector<ipvs::Outcome> FakeKernel::write(std::span<const ipvs::Step> steps) {
  std::vector<ipvs::Outcome> outcomes;
  outcomes.reserve(steps.size());
  for (const ipvs::Step& step : steps) {
    const int code = std::visit([this](const auto& kind) { return apply(kind); }, step);
    if (code == 0) {
      journal_.push_back(step);
      outcomes.emplace_back();
    } else {
      refusals_.push_back(ipvs::error_of(step, code));
      outcomes.emplace_back(refusals_.back());
    }
  }
  return outcomes;
}

void FakeKernel::clear_journal() {
  journal_.clear();
  refusals_.clear();
}

const ObservedVirtualServer* FakeKernel::find(const VirtualServerId& id) const {
  const auto entry = table_.find(id);
  return entry == table_.end() ? nullptr : &entry->second;
}

ObservedRealServer* FakeKernel::find_real_server(const VirtualServerId& parent,
                                                 const RealServerId& id) {
  const auto entry = table_.find(parent);
  if (entry == table_.end()) return nullptr;
  auto& servers = entry->second.real_servers;
  const auto server = std::find_if(servers.begin(), servers.end(), has_id(id));
  return server == servers.end() ? nullptr : &*server;
}

void FakeKernel::set_connections(const VirtualServerId& parent, const RealServerId& id,
                                 const ipvs::ConnectionCounts& counts) {
  ObservedRealServer* server = find_real_server(parent, id);
  if (server == nullptr) throw std::logic_error("set_connections: there is no such real server");
  server->connections = counts;
}

void FakeKernel::plant(const ObservedVirtualServer& server) {
  table_.insert_or_assign(server.id, server);
}

void FakeKernel::uproot(const VirtualServerId& id) { table_.erase(id); }

void FakeKernel::delete_link() {
  link_present_ = false;
  bound_.clear();
}

void FakeKernel::add_node_address(const ipvs::NodeAddress& address) {
  remove_node_address(address.address);
  const auto place = std::find_if(
      node_addresses_.begin(), node_addresses_.end(),
      [&](const ipvs::NodeAddress& present) { return address.address < present.address; });
  node_addresses_.insert(place, address);
}

void FakeKernel::remove_node_address(const Address& address) {
  std::erase_if(node_addresses_,
                [&](const ipvs::NodeAddress& present) { return present.address == address; });
}

void FakeKernel::break_rules() { rules_intact_ = false; }

void FakeKernel::flush_ruleset() {
  table_present_ = false;
  rules_intact_ = false;
  elements_.clear();
}

int FakeKernel::apply(const ipvs::AddVirtualServer& step) {
  if (table_.contains(step.id)) return EEXIST;
  if (const int code = refusal_of(step.id, step.settings)) return code;
  table_.emplace(
      step.id,
      ObservedVirtualServer{
          .id = step.id, .settings = as_stored(step.settings), .traffic = {}, .real_servers = {}});
  return 0;
}

int FakeKernel::apply(const ipvs::EditVirtualServer& step) {
  const auto entry = table_.find(step.id);
  if (entry == table_.end()) return ESRCH;
  if (const int code = refusal_of(step.id, step.settings)) return code;
  entry->second.settings = as_stored(step.settings);
  return 0;
}

int FakeKernel::apply(const ipvs::DeleteVirtualServer& step) {
  const auto entry = table_.find(step.id);
  if (entry == table_.end()) return ESRCH;
  for (const ObservedRealServer& server : entry->second.real_servers) {
    cut_connections(step.id, server);
  }
  table_.erase(entry);
  return 0;
}

int FakeKernel::apply(const ipvs::AddRealServer& step) {
  const auto entry = table_.find(step.parent);
  if (entry == table_.end()) return ESRCH;
  const bool other_family = step.id.address.is_v4() != step.parent.address.is_v4();
  if (other_family && step.settings.forward != Forward::kTunnel) return EINVAL;
  if (const int code = refusal_of(step.settings)) return code;
  if (find_real_server(step.parent, step.id) != nullptr) return EEXIST;
  if (!is_acceptable(step.id.address)) return EINVAL;
  auto& servers = entry->second.real_servers;
  servers.insert(servers.begin(),
                 {.id = step.id, .settings = step.settings, .connections = {}, .traffic = {}});
  return 0;
}

int FakeKernel::apply(const ipvs::EditRealServer& step) {
  if (!table_.contains(step.parent)) return ESRCH;
  if (const int code = refusal_of(step.settings)) return code;
  ObservedRealServer* server = find_real_server(step.parent, step.id);
  if (server == nullptr) return ENOENT;
  server->settings = step.settings;
  return 0;
}

int FakeKernel::apply(const ipvs::DeleteRealServer& step) {
  const auto entry = table_.find(step.parent);
  if (entry == table_.end()) return ESRCH;
  auto& servers = entry->second.real_servers;
  const auto server = std::find_if(servers.begin(), servers.end(), has_id(step.id));
  if (server == servers.end()) return ENOENT;
  cut_connections(step.parent, *server);
  servers.erase(server);
  return 0;
}

void FakeKernel::cut_connections(const VirtualServerId& parent, const ObservedRealServer& server) {
  if (parent.protocol == ipvs::Protocol::kUdp) return;
  resets_ += server.connections.active;
  resets_ += server.connections.inactive;
}

int FakeKernel::apply(const ipvs::CreateLink&) {
  if (link_present_) return EEXIST;
  link_present_ = true;
  return 0;
}

int FakeKernel::apply(const ipvs::BindAddress& step) {
  if (!link_present_) return ENODEV;
  return bound_.insert(step.address).second ? 0 : EEXIST;
}

int FakeKernel::apply(const ipvs::UnbindAddress& step) {
  if (!link_present_) return ENODEV;
  return bound_.erase(step.address) != 0 ? 0 : EADDRNOTAVAIL;
}

int FakeKernel::apply(const ipvs::InstallRules&) {
  table_present_ = true;
  rules_intact_ = true;
  return 0;
}

int FakeKernel::apply(const ipvs::AddElement& step) {
  if (!table_present_) return ENOENT;
  const bool clashes = std::any_of(elements_.begin(), elements_.end(), [&](const auto& present) {
    return overlap(present, step.element);
  });
  if (clashes) return ENOTEMPTY;
  elements_.insert(step.element);
  return 0;
}

int FakeKernel::apply(const ipvs::DeleteElement& step) {
  return elements_.erase(step.element) != 0 ? 0 : ENOENT;
}

int FakeKernel::apply(const ipvs::ForgetFlows& step) {
  std::erase_if(flows_, [&](const Flow& flow) {
    const auto& keep = step.keep;
    return flow.to == step.id &&
           std::find(keep.begin(), keep.end(), flow.answered_by) == keep.end();
  });
  return 0;
}

int FakeKernel::apply(const ipvs::SetTimeouts& step) {
  const auto set = [](std::chrono::seconds& timeout, std::chrono::seconds wanted) {
    if (wanted.count() != 0) timeout = wanted;
  };
  set(timeouts_.tcp, step.timeouts.tcp);
  set(timeouts_.tcp_fin, step.timeouts.tcp_fin);
  set(timeouts_.udp, step.timeouts.udp);
  return 0;
}

int FakeKernel::apply(const ipvs::WriteSysctl& step) {
  const auto value = sysctls_.find(step.path);
  if (value == sysctls_.end()) return ENOENT;
  value->second = step.value;
  return 0;
}
