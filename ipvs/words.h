// The words that the listing, the save format and error messages share: how ipvsadm writes
// addresses and flags (ipvsadm(8)), and how this agent names an entry to a person.
//
// Numeric always: nothing here asks DNS or /etc/services. Pure: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ipvs/virtual_server.h"

namespace ipvs {

// "10.96.0.1:443", "[fd00::1]:443".
[[nodiscard]] std::string endpoint_text(const Address& address, std::uint16_t port);

// "TCP", "UDP", "SCTP"; "?" for any other protocol.
[[nodiscard]] std::string_view protocol_word(Protocol protocol);

// "Masq", "Local", "Tunnel", "Route".
[[nodiscard]] std::string_view forward_word(Forward forward);

// The scheduler's flags of `settings`, comma separated: "sh-fallback,sh-port", "flag-1". The third
// bit has no name with sh and mh: alone it gives an empty text.
[[nodiscard]] std::string scheduler_flag_words(const VirtualServer& settings);

// All bits of VirtualServerFlag that belong to the scheduler.
inline constexpr std::uint32_t kSchedulerFlags = VirtualServerFlag::kScheduler1 |
                                                 VirtualServerFlag::kScheduler2 |
                                                 VirtualServerFlag::kScheduler3;

// "255.255.255.0" for an IPv4 mask, "64" for an IPv6 prefix length; the family is `address`'s.
[[nodiscard]] std::string netmask_text(std::uint32_t netmask, const Address& address);

// How messages name a virtual server: "TCP 10.96.0.1:443", "FWM 7", "FWM 7 IPv6".
[[nodiscard]] std::string to_string(const VirtualServerId& id);
// "10.244.1.2:8080".
[[nodiscard]] std::string to_string(const RealServerId& id);

}  // namespace ipvs
