// Asks a running agent over its control socket. Blocks, 5 s at most: for subcommands.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace reconcile {

// $KUBE_IPVS_CONTROL_SOCKET, else /run/kube-ipvs/agent.sock.
[[nodiscard]] std::string default_control_socket();

// The body of the answer to GET `target`; or why there is none: what, why, what to do.
[[nodiscard]] tl::expected<std::string, std::string> ask_agent(const std::string& socket,
                                                               const std::string& target);

// `value` for a query: nothing but letters, digits and the signs of names and addresses is kept.
[[nodiscard]] std::string query_safe(const std::string& value);

}  // namespace reconcile
