// The access that every pod has: address from the environment, token and CA from the service
// account (kubernetes.io, "Accessing the API from within a Pod").
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "kube/access.h"
#include "kube/listener.h"

namespace kube {

// What in_cluster_access() looks at; empty: not set.
struct PodEnvironment {
  std::string service_host;  // KUBERNETES_SERVICE_HOST, with or without brackets
  std::string service_port;  // KUBERNETES_SERVICE_PORT
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";

  // Those of this process.
  [[nodiscard]] static PodEnvironment current();
};

// The access, or why this is no pod of a cluster, and what to do.
[[nodiscard]] tl::expected<ClusterAccess, Trouble> in_cluster_access(const PodEnvironment& pod);

}  // namespace kube
