// kubeconfig files, as far as an agent needs them (kubernetes.io, "Organizing Cluster Access Using
// kubeconfig Files"; client-go clientcmd/api/v1).
//
// Refused by name, never silently ignored: exec, auth-provider, username and password, and a
// proxy-url that is no http://HOST:PORT.
// Relative paths are against the file's folder. Errors name the file, the line and the field.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/access.h"
#include "kube/listener.h"

namespace kube {

// `file` is for messages and for relative paths; `context` is empty for current-context.
[[nodiscard]] tl::expected<ClusterAccess, Trouble> parse_kubeconfig(std::string_view text,
                                                                    const std::string& file,
                                                                    std::string_view context = {});

// Reads the file, and checks that the credentials it names can be read.
[[nodiscard]] tl::expected<ClusterAccess, Trouble> load_kubeconfig(const std::string& file,
                                                                   std::string_view context = {});

}  // namespace kube
