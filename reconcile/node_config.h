// What the decision knows of the node it decides for. Plain value: any thread.
#pragma once

#include <string>

namespace reconcile {

struct NodeConfig {
  std::string name;              // as in Endpoint.nodeName
  std::string scheduler = "rr";  // of every virtual server; any name the kernel knows
};

}  // namespace reconcile
