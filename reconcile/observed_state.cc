#include "reconcile/observed_state.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace reconcile {
namespace {

ObservedServer from_reading(const ipvs::ObservedRealServer& read) {
  return {read.settings, read.connections, true};
}

ObservedVirtualServer from_reading(const ipvs::ObservedVirtualServer& read) {
  ObservedVirtualServer server{.settings = read.settings, .real_servers = {}};
  auto& servers = server.real_servers;
  servers.reserve(read.real_servers.size());
  // The kernel names the newest first, and we add them in their order.
  for (auto real = read.real_servers.rbegin(); real != read.real_servers.rend(); ++real) {
    servers.emplace_hint(servers.end(), real->id, from_reading(*real));
  }
  return server;
}

// Takes a reading over that names the same real servers with the same settings, as nearly all do:
// then there is nothing to allocate.
bool take_counts(ObservedVirtualServer& known, const ipvs::ObservedVirtualServer& read) {
  auto& servers = known.real_servers;
  if (known.settings != read.settings || servers.size() != read.real_servers.size()) return false;
  auto expected = servers.end();
  for (const auto& real : read.real_servers) {
    --expected;
    const auto place = expected->first == real.id ? expected : servers.find(real.id);
    if (place == servers.end() || place->second.settings != real.settings) return false;
    place->second = from_reading(real);
  }
  return true;
}

template <class Set, class Key>
Set set_of(const std::vector<Key>& keys) {
  Set made(keys.size());
  made.insert(keys.begin(), keys.end());
  return made;
}

}  // namespace

void ObservedState::replace(const ipvs::Observation& observation) {
  const auto& read = observation.virtual_servers;
  const Record before =
      std::exchange(record_, {.bound = set_of<Set<ipvs::Address>>(observation.bound),
                              .elements = set_of<Set<ipvs::SetElement>>(observation.elements)});
  remember(read, before);
  take_over(read);
  note_vanished(read);
  unread_ = 0;
  link_present_ = observation.link_present;
  rules_intact_ = observation.rules_intact;
}

void ObservedState::remember(const std::vector<ipvs::ObservedVirtualServer>& read,
                             const Record& before) {
  const auto remembered = std::exchange(remembered_, {});
  for (const auto& [id, settings, traffic, real_servers] : read) {
    if (record_.names(id) || !virtual_servers_.contains(id)) continue;
    if (before.names(id) || remembered.contains(id)) remembered_.insert(id);
  }
}

void ObservedState::take_over(const std::vector<ipvs::ObservedVirtualServer>& read) {
  virtual_servers_.reserve(read.size());
  for (const auto& server : read) {
    const auto [known, is_new] = virtual_servers_.try_emplace(server.id);
    if (is_new || !take_counts(known->second, server)) known->second = from_reading(server);
  }
  if (virtual_servers_.size() == read.size()) return;
  Set<ipvs::VirtualServerId> present(read.size());
  for (const auto& server : read) present.insert(server.id);
  erase_if(virtual_servers_, [&](const auto& entry) { return !present.contains(entry.first); });
}

void ObservedState::note_vanished(const std::vector<ipvs::ObservedVirtualServer>& read) {
  vanished_.clear();
  const auto same_id = [](const auto& id, const auto& server) { return id == server.id; };
  if (std::equal(order_.begin(), order_.end(), read.begin(), read.end(), same_id)) return;
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
      ++state.unread_;
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
    void operator()(const ipvs::BindAddress& s) const { state.record_.bound.insert(s.address); }
    void operator()(const ipvs::UnbindAddress& s) const { state.record_.bound.erase(s.address); }
    void operator()(const ipvs::InstallRules&) const { state.rules_intact_ = true; }
    void operator()(const ipvs::AddElement& s) const { state.record_.elements.insert(s.element); }
    void operator()(const ipvs::DeleteElement& s) const { state.record_.elements.erase(s.element); }
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
  return record_.names(id) || remembered_.contains(id);
}

bool ObservedState::Record::names(const ipvs::VirtualServerId& id) const {
  if (id.fwmark != 0) return false;
  return bound.contains(id.address) ||
         elements.contains({.set = ipvs::SetName::kServiceAddresses, .address = id.address}) ||
         elements.contains({.set = ipvs::SetName::kNodePorts,
                            .address = id.address,
                            .protocol = id.protocol,
                            .port = id.port});
}

Scope ObservedState::everything_ours() const {
  return ours_if([](const auto&) { return true; });
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
