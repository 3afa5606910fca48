// What a plan has to look at: the keys whose desired state may have changed. Plain value.
//
// A change of one Service yields a scope of its keys; an audit yields every key, desired or
// observed. The plan is computed by the same function from either.
#pragma once

#include <algorithm>
#include <vector>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"

namespace reconcile {

// Collected with repetitions and in any order; tidy() before it is planned.
struct Scope {
  std::vector<ipvs::VirtualServerId> virtual_servers;
  std::vector<ipvs::Address> addresses;
  std::vector<ipvs::SetElement> elements;

  [[nodiscard]] bool empty() const {
    return virtual_servers.empty() && addresses.empty() && elements.empty();
  }

  void merge(const Scope& other) {
    append(virtual_servers, other.virtual_servers);
    append(addresses, other.addresses);
    append(elements, other.elements);
  }

  // Sorts, and keeps one of each key: a plan looks at a key once, in the same order on every node.
  void tidy() {
    sort_unique(virtual_servers);
    sort_unique(addresses);
    sort_unique(elements);
  }

 private:
  template <class Key>
  static void append(std::vector<Key>& keys, const std::vector<Key>& more) {
    keys.insert(keys.end(), more.begin(), more.end());
  }

  template <class Key>
  static void sort_unique(std::vector<Key>& keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
};

}  // namespace reconcile
