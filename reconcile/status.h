// `kube-ipvs status`: the kernel's virtual servers as ipvsadm -Ln lists them. Reads the kernel
// itself, so it works with the agent down; needs CAP_NET_ADMIN.
#pragma once

#include <string>

#include "ipvs/kernel.h"

namespace reconcile {

// The listing, ready to print.
[[nodiscard]] ipvs::Result<std::string> status(ipvs::Kernel& kernel);

}  // namespace reconcile
