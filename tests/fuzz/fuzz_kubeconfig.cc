// A kubeconfig: any bytes give an access or a trouble that says what.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kube/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto access =
      kube::parse_kubeconfig({reinterpret_cast<const char*>(data), size}, "/fuzz/config");
  if (!access && access.error().what.empty()) std::abort();
  return 0;
}
