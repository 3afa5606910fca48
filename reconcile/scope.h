// What a plan has to look at: the keys whose desired state may have changed. Plain value.
//
// A change of one Service yields a scope of its keys; an audit yields every key, desired or
// observed. The plan is computed by the same function from either.
#pragma once

#include <set>

#include "ipvs/ruleset.h"
#include "ipvs/virtual_server.h"

namespace reconcile {

struct Scope {
  std::set<ipvs::VirtualServerId> virtual_servers;
  std::set<ipvs::Address> addresses;
  std::set<ipvs::SetElement> elements;

  [[nodiscard]] bool empty() const {
    return virtual_servers.empty() && addresses.empty() && elements.empty();
  }
};

}  // namespace reconcile
