// Names of hosts and services from this machine's resolver and /etc/services. Blocks: for
// subcommands, never for the agent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipvs/names.h"

namespace reconcile {

// Asks for each address once.
[[nodiscard]] ipvs::Names system_names();

[[nodiscard]] std::optional<std::uint16_t> system_port(const std::string& name,
                                                       ipvs::Protocol protocol);

}  // namespace reconcile
