#include "reconcile/observed_state.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace reconcile {
namespace {

ObservedVirtualServer from_reading(const ipvs::ObservedVirtualServer& read) {
  ObservedVirtualServer server{.settings = read.settings, .real_servers = {}};
  server.real_servers.reserve(read.real_servers.size());
  for (const auto& real : read.real_servers) {
    server.real_servers.emplace(real.id, ObservedServer{real.settings, real.connections, true});
  }
  return server;
}

}  // namespace

void ObservedState::replace(const ipvs::Observation& observation) {
  auto before = std::exchange(*this, {});
  order_ = std::move(before.order_);
  virtual_servers_.reserve(observation.virtual_servers.size());
  for (const auto& read : observation.virtual_servers) {
    virtual_servers_.emplace(read.id, from_reading(read));
  }
  bound_ = Set<ipvs::Address>(observation.bound.begin(), observation.bound.end());
  elements_ = Set<ipvs::SetElement>(observation.elements.begin(), observation.elements.end());
  note_vanished(observation.virtual_servers);
  link_present_ = observation.link_present;
  rules_intact_ = observation.rules_intact;
  for (const auto& [id, server] : virtual_servers_) {
    if (!is_recorded(id) && before.virtual_server(id) && before.is_ours(id)) remembered_.insert(id);
  }
}

void ObservedState::note_vanished(const std::vector<ipvs::ObservedVirtualServer>& read) {
  vanished_.clear();
  std::copy_if(order_.rbegin(), order_.rend(), std::back_inserter(vanished_),
               [this](const auto& id) { return !virtual_servers_.contains(id); });
  order_.clear();
  for (const auto& server : read) order_.push_back(server.id);
}

void ObservedState::put_vanished_first(std::vector<ipvs::VirtualServerId>& ids) const {
  if (vanished_.empty()) return;
  const Set<ipvs::VirtualServerId> asked(ids.begin(), ids.end());
  std::vector<ipvs::VirtualServerId> ordered;
  std::copy_if(vanished_.begin(), vanished_.end(), std::back_inserter(ordered),
               [&](const auto& id) { return asked.contains(id); });
  const Set<ipvs::VirtualServerId> first(ordered.begin(), ordered.end());
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(ordered),
               [&](const auto& id) { return !first.contains(id); });
  ids = std::move(ordered);
}

void ObservedState::refresh(const std::vector<ipvs::VirtualServerId>& asked,
                            const std::vector<ipvs::ObservedVirtualServer>& servers) {
  for (const auto& id : asked) virtual_servers_.erase(id);
  for (const auto& read : servers) virtual_servers_.insert_or_assign(read.id, from_reading(read));
}

void ObservedState::absorb(const ipvs::Step& step) {
  struct Absorb {
    ObservedState& state;

    void operator()(const ipvs::AddVirtualServer& s) const {
      state.virtual_servers_.insert_or_assign(s.id, ObservedVirtualServer{s.settings, {}});
    }
    void operator()(const ipvs::EditVirtualServer& s) const {
      state.virtual_servers_[s.id].settings = s.settings;
    }
    void operator()(const ipvs::DeleteVirtualServer& s) const {
      state.virtual_servers_.erase(s.id);
      state.remembered_.erase(s.id);
    }
    void operator()(const ipvs::AddRealServer& s) const {
      state.virtual_servers_[s.parent].real_servers.insert_or_assign(
          s.id, ObservedServer{.settings = s.settings, .connections = {}, .counted = false});
    }
    void operator()(const ipvs::EditRealServer& s) const {
      auto& server = state.virtual_servers_[s.parent].real_servers[s.id];
      server.settings = s.settings;
      server.counted = false;
    }
    void operator()(const ipvs::DeleteRealServer& s) const {
      state.virtual_servers_[s.parent].real_servers.erase(s.id);
    }
    void operator()(const ipvs::CreateLink&) const { state.link_present_ = true; }
    void operator()(const ipvs::BindAddress& s) const { state.bound_.insert(s.address); }
    void operator()(const ipvs::UnbindAddress& s) const { state.bound_.erase(s.address); }
    void operator()(const ipvs::InstallRules&) const { state.rules_intact_ = true; }
    void operator()(const ipvs::AddElement& s) const { state.elements_.insert(s.element); }
    void operator()(const ipvs::DeleteElement& s) const { state.elements_.erase(s.element); }
    void operator()(const ipvs::ForgetFlows&) const {}
    void operator()(const ipvs::SetTimeouts&) const {}
    void operator()(const ipvs::WriteSysctl&) const {}
  };
  std::visit(Absorb{*this}, step);
}

const ObservedVirtualServer* ObservedState::virtual_server(const ipvs::VirtualServerId& id) const {
  const auto found = virtual_servers_.find(id);
  return found == virtual_servers_.end() ? nullptr : &found->second;
}

bool ObservedState::is_ours(const ipvs::VirtualServerId& id) const {
  return is_recorded(id) || remembered_.contains(id);
}

bool ObservedState::is_recorded(const ipvs::VirtualServerId& id) const {
  if (id.fwmark != 0) return false;
  return is_bound(id.address) ||
         has({.set = ipvs::SetName::kServiceAddresses, .address = id.address}) ||
         has({.set = ipvs::SetName::kNodePorts,
              .address = id.address,
              .protocol = id.protocol,
              .port = id.port});
}

Scope ObservedState::everything_ours() const {
  Scope scope;
  for (const auto& [id, server] : virtual_servers_) {
    if (is_ours(id)) scope.virtual_servers.push_back(id);
  }
  scope.addresses.assign(bound_.begin(), bound_.end());
  scope.elements.assign(elements_.begin(), elements_.end());
  return scope;
}

std::size_t ObservedState::foreign_count() const {
  return static_cast<std::size_t>(
      std::count_if(virtual_servers_.begin(), virtual_servers_.end(),
                    [this](const auto& entry) { return !is_ours(entry.first); }));
}

std::vector<ipvs::VirtualServerId> ObservedState::foreign() const {
  std::vector<ipvs::VirtualServerId> ids;
  for (const auto& [id, server] : virtual_servers_) {
    if (!is_ours(id)) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace reconcile
