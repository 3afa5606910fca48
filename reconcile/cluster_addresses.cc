#include "reconcile/cluster_addresses.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace reconcile {
namespace {

constexpr std::uint8_t kV4Bits = 32;
constexpr std::uint8_t kV6Bits = 128;

void append(Ranges& all, const Ranges& more) { all.insert(all.end(), more.begin(), more.end()); }

// What one of two sorted vectors has and the other has not.
template <class T>
std::vector<T> difference(const std::vector<T>& before, const std::vector<T>& after) {
  std::vector<T> changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(changed));
  return changed;
}

template <class T>
std::vector<T> sorted(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// Keeps no entry for nothing.
template <class T>
std::vector<T> exchange(std::map<std::string, std::vector<T>>& book, const std::string& name,
                        std::vector<T> values) {
  if (values.empty()) {
    auto node = book.extract(name);
    return node ? std::move(node.mapped()) : std::vector<T>{};
  }
  return std::exchange(book[name], std::move(values));
}

// Puts every object of a complete list, and removes those of `book` that it does not name.
template <class T, class Book>
Ranges replace_all(ClusterAddresses& addresses, const Book& book, const std::vector<T>& objects,
                   const ClusterAddresses::Doubtful& doubtful) {
  std::set<std::string> vanished;
  for (const auto& [name, values] : book) vanished.insert(name);
  for (const auto& id : doubtful) vanished.erase(id.name);
  Ranges changed;
  for (const auto& object : objects) {
    vanished.erase(object.metadata.id.name);
    append(changed, addresses.put(object));
  }
  for (const auto& name : vanished) append(changed, addresses.remove<T>({"", name}));
  return changed;
}

}  // namespace

Ranges ClusterAddresses::put(const kube::NodeAddresses& node) {
  return put_node(node.metadata.id.name, node.addresses);
}

Ranges ClusterAddresses::put(const kube::ServiceCidr& cidr) {
  return put_cidr(cidr.metadata.id.name, cidr.ranges);
}

template <>
Ranges ClusterAddresses::remove<kube::NodeAddresses>(const kube::NamespacedName& id) {
  return put_node(id.name, {});
}

template <>
Ranges ClusterAddresses::remove<kube::ServiceCidr>(const kube::NamespacedName& id) {
  return put_cidr(id.name, {});
}

Ranges ClusterAddresses::replace(const std::vector<kube::NodeAddresses>& nodes,
                                 const Doubtful& doubtful) {
  nodes_told_ = true;
  return replace_all(*this, nodes_, nodes, doubtful);
}

Ranges ClusterAddresses::replace(const std::vector<kube::ServiceCidr>& cidrs,
                                 const Doubtful& doubtful) {
  return replace_all(*this, cidrs_, cidrs, doubtful);
}

void ClusterAddresses::forget_nodes() {
  nodes_told_ = false;
  nodes_.clear();
  names_.clear();
}

const std::string* ClusterAddresses::node_at(const kube::Address& address) const {
  const auto found = names_.find(address);
  return found == names_.end() ? nullptr : &found->second;
}

bool ClusterAddresses::in_service_ranges(const kube::Address& address) const {
  return std::any_of(cidrs_.begin(), cidrs_.end(), [&](const auto& cidr) {
    return std::any_of(cidr.second.begin(), cidr.second.end(),
                       [&](const auto& range) { return range.contains(address); });
  });
}

Ranges ClusterAddresses::put_node(const std::string& name, std::vector<kube::Address> addresses) {
  const auto after = sorted(std::move(addresses));
  const auto before = exchange(nodes_, name, after);
  Ranges changed;
  for (const auto& address : difference(before, after)) {
    changed.push_back({address, address.is_v4() ? kV4Bits : kV6Bits});
  }
  if (changed.empty()) return {};
  for (const auto& address : before) {
    const auto [first, last] = names_.equal_range(address);
    names_.erase(
        std::find_if(first, last, [&](const auto& entry) { return entry.second == name; }));
  }
  for (const auto& address : after) names_.emplace(address, name);
  return changed;
}

Ranges ClusterAddresses::put_cidr(const std::string& name, Ranges ranges) {
  const auto after = sorted(std::move(ranges));
  return difference(exchange(cidrs_, name, after), after);
}

}  // namespace reconcile
