// The sysctls without which IPVS does not forward as a node needs it.
#pragma once

#include <vector>

#include "ipvs/step.h"

inline std::vector<ipvs::Step> node_sysctls() {
  std::vector<ipvs::Step> steps;
  for (const auto* path : {"net/ipv4/vs/conntrack", "net/ipv4/vs/expire_nodest_conn",
                           "net/ipv4/vs/expire_quiescent_template", "net/ipv4/ip_forward"}) {
    steps.push_back(ipvs::WriteSysctl{path, "1"});
  }
  return steps;
}
