// How an Error names the step it befell: its operation and its subject, for every implementation of
// the kernel door alike. (The step as a command is to_string(Step), in step.h.)
//
// Pure: any thread.
#pragma once

#include <string>
#include <string_view>

#include "ipvs/error.h"
#include "ipvs/step.h"

namespace ipvs {

// "add virtual server", "bind address", "delete set element".
[[nodiscard]] std::string_view operation_of(const Step& step);

// "TCP 10.96.0.1:443", "10.244.1.2:53 of UDP 10.96.0.10:53", "10.96.0.1", "kube-ipvs0".
[[nodiscard]] std::string subject_of(const Step& step);

// The error that `step` met, without a remedy.
[[nodiscard]] Error error_of(const Step& step, int code);

}  // namespace ipvs
