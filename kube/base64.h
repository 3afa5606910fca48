// Base64 (RFC 4648 section 4) as kubeconfig files hold it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kube {

// Line breaks and blanks are skipped. Nothing: not Base64.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace kube
