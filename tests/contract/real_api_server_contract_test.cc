// The contract, asked of a real API server: KUBE_IPVS_TEST_KUBECONFIG names the administrator's
// kubeconfig, KUBE_IPVS_TEST_POWERLESS_TOKEN is the token of a service account without rights. The
// suite writes into the namespace `contract`, and creates Nodes. tests/e2e/contract_test.py runs
// it.
#include <cstdlib>

#include "kube/kubeconfig.h"
#include "tests/contract/api_server_contract.h"

namespace {

std::string required(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) throw std::runtime_error(std::string(variable) + " is not set");
  return value;
}

class RealApiServerWorld final : public ApiServerWorld {
 public:
  RealApiServerWorld() {
    auto access = kube::load_kubeconfig(required("KUBE_IPVS_TEST_KUBECONFIG"));
    if (!access) throw std::runtime_error(access.error().what + ": " + access.error().why);
    administrator_ = std::move(*access);
    powerless_ = administrator_;
    powerless_.client_certificate = {};
    powerless_.client_key = {};
    powerless_.token = {.file = "", .data = required("KUBE_IPVS_TEST_POWERLESS_TOKEN")};
  }

  kube::ClusterAccess administrator() const override { return administrator_; }
  kube::ClusterAccess powerless() const override { return powerless_; }

  bool run_until(const std::function<bool()>& condition, std::chrono::seconds most) override {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

 private:
  kube::ClusterAccess administrator_;
  kube::ClusterAccess powerless_;
};

INSTANTIATE_TEST_SUITE_P(Real, ApiServerContract,
                         testing::Values(ApiServerFactory{
                             "KubeApiserver",
                             [] { return std::make_unique<RealApiServerWorld>(); }}),
                         api_server_name);

}  // namespace
