// The order of resource versions of one kind: decimal numbers of any length without leading zeros,
// as the API promises since Kubernetes 1.35 (apimachinery/pkg/util/resourceversion). Pure; any
// thread.
#pragma once

#include <string_view>

namespace kube {

// Both are decimal numbers, and `version` comes before `other`. False when one cannot be compared.
[[nodiscard]] bool is_older(std::string_view version, std::string_view other);

}  // namespace kube
