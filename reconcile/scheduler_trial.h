// Does the kernel have a scheduler? Found out as kube-proxy does: by making a virtual server with
// it, which also loads the scheduler's module.
#pragma once

#include <string>

#include "ipvs/kernel.h"

namespace reconcile {

// The operation of an Error that says no.
inline constexpr const char* kUseScheduler = "use scheduler";

// Makes a virtual server at an address that is nobody's (192.0.2.0/24, RFC 5737) and deletes it, in
// one write. The answer is why it cannot be made, if so; REQUIRES that nobody has that one.
[[nodiscard]] ipvs::Outcome try_scheduler(ipvs::Kernel& kernel, const std::string& scheduler);

}  // namespace reconcile
