// How this node is to be decided for, as the operator says. What the node says of itself is in
// node_facts.h. Plain value: any thread.
#pragma once

#include <string>
#include <vector>

#include "ipvs/ruleset.h"
#include "kube/cidr_range.h"
#include "reconcile/node_settings.h"

namespace reconcile {

using Ranges = std::vector<kube::CidrRange>;

// Which of the node's addresses carry node ports (kube-proxy's nodePortAddresses).
struct NodePortAddresses {
  bool primary_only = false;  // the first of each family in the Node's status; `ranges` is not read
  // Those inside one of these. A family of which none is here, or one of prefix 0: all of it.
  Ranges ranges = {};
};

struct NodeConfig {
  std::string name;              // as in Endpoint.nodeName
  std::string scheduler = "rr";  // of every virtual server; any name the kernel knows
  Ranges excluded = {};          // virtual servers at these addresses are never deleted
  NodePortAddresses node_port_addresses = {};

  // External IPs are served at all, and which may be: empty means any.
  bool external_ips = true;
  Ranges external_ip_ranges = {};
  // While a Service asks for an external or load-balancer address, the addresses of all nodes have
  // to be known, so that it takes none of theirs. Else those of this node alone are.
  bool knows_all_nodes = false;
  // Never served for such an address, beside what the cluster itself tells.
  std::vector<ipvs::Address> api_servers = {};

  // Every connection to a cluster address is masqueraded, whoever opens it.
  bool masquerade_all = false;
  // Which sources are pods: those of `cluster_ranges`; or of the Node's own podCIDRs; or what
  // comes in by `rules.pod_interface`. Without any of them, nothing tells a pod from others.
  Ranges cluster_ranges = {};
  bool pods_by_node_ranges = false;
  ipvs::RuleSettings rules = {};

  NodeSettings settings = {};
};

}  // namespace reconcile
