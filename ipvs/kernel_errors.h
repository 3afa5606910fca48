// The third part of an error of the real kernel door: what the operator can do about it.
// Pure: any thread.
#pragma once

#include "ipvs/error.h"
#include "ipvs/step.h"

namespace ipvs {

enum class KernelDoor : std::uint8_t { kIpvs, kAddresses, kRules, kFlows, kSysctls };

// Why one of the sockets is of no use: the kernel lacks the subsystem, or we lack the
// privilege.
[[nodiscard]] Error open_error(KernelDoor door, int code);

// The error that `step` met, with its remedy where there is one.
[[nodiscard]] Error step_error(const Step& step, int code);

// `error` with the remedy that its code alone suggests.
[[nodiscard]] Error with_remedy(Error error);

}  // namespace ipvs
