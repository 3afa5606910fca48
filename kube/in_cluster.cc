#include "kube/in_cluster.h"

#include <cstdlib>

namespace kube {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

tl::unexpected<Trouble> not_in_cluster(std::string why) {
  return tl::unexpected(Trouble{.what = "cannot use the in-cluster configuration",
                                .why = std::move(why),
                                .remedy =
                                    "Outside of a pod, give --kubeconfig; in a pod, check that "
                                    "automountServiceAccountToken is not false."});
}

}  // namespace

PodEnvironment PodEnvironment::current() {
  return {.service_host = variable("KUBERNETES_SERVICE_HOST"),
          .service_port = variable("KUBERNETES_SERVICE_PORT")};
}

tl::expected<ClusterAccess, Trouble> in_cluster_access(const PodEnvironment& pod) {
  if (pod.service_host.empty() || pod.service_port.empty()) {
    return not_in_cluster("KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set");
  }
  std::string host = pod.service_host;
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  ClusterAccess access;
  if (auto set = set_server(access, "https://" + host + ":" + pod.service_port); !set) {
    return not_in_cluster("KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT: " + set.error());
  }
  access.certificate_authority.file = pod.folder + "/ca.crt";
  access.token.file = pod.folder + "/token";
  if (auto credentials = read_credentials(access); !credentials) {
    return not_in_cluster(credentials.error());
  }
  return access;
}

}  // namespace kube
