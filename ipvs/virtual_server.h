// The values of an IPVS table: virtual servers (the kernel's "services") and real servers
// ("dests").
//
// Configuration only; what the kernel counts is in counters.h and never takes part in equality.
// Field by field these mirror struct ip_vs_service_user and ip_vs_dest_user of linux/ip_vs.h, in
// host byte order. Plain values: any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <tuple>

namespace ipvs {

using Address = boost::asio::ip::address;

// Orders IPv4 before IPv6, then by bytes. (asio's address has no <=>.)
inline std::strong_ordering compare(const Address& a, const Address& b) {
  if (a == b) return std::strong_ordering::equal;
  return a < b ? std::strong_ordering::less : std::strong_ordering::greater;
}

// The IP protocol number. The kernel accepts any, so a value outside this list can be read from it.
enum class Protocol : std::uint8_t { kNone = 0, kTcp = 6, kUdp = 17, kSctp = 132 };

// Flag bits of a virtual server (IP_VS_SVC_F_*).
struct VirtualServerFlag {
  static constexpr std::uint32_t kPersistent = 0x01;
  static constexpr std::uint32_t kHashed = 0x02;  // set by the kernel, never by us
  static constexpr std::uint32_t kOnePacket = 0x04;
  static constexpr std::uint32_t kScheduler1 = 0x08;  // sh, mh: fallback
  static constexpr std::uint32_t kScheduler2 = 0x10;  // sh, mh: port
  static constexpr std::uint32_t kScheduler3 = 0x20;
};

// What identifies a virtual server: an address, protocol and port; or a firewall mark, when
// `fwmark` is not 0: then `address` is the unspecified address of the mark's family, the rest is 0.
struct VirtualServerId {
  std::uint32_t fwmark = 0;
  Address address;
  Protocol protocol = Protocol::kNone;
  std::uint16_t port = 0;

  friend bool operator==(const VirtualServerId&, const VirtualServerId&) = default;
  friend std::strong_ordering operator<=>(const VirtualServerId& a, const VirtualServerId& b) {
    if (auto order = a.fwmark <=> b.fwmark; order != 0) return order;
    if (auto order = compare(a.address, b.address); order != 0) return order;
    return std::tie(a.protocol, a.port) <=> std::tie(b.protocol, b.port);
  }
};

// The settings of a virtual server.
struct VirtualServer {
  std::string scheduler = "rr";
  std::uint32_t flags = 0;          // VirtualServerFlag bits, kHashed left out
  std::chrono::seconds timeout{0};  // of persistence; 0 without it
  std::uint32_t netmask =
      0xffffffff;  // of persistence: IPv4 mask; for IPv6 the prefix length, 1..128
  std::string persistence_engine = {};  // empty: none

  friend bool operator==(const VirtualServer&, const VirtualServer&) = default;
};

// The netmask that means "each client on its own" for the family of `address`.
inline std::uint32_t host_netmask(const Address& address) {
  return address.is_v4() ? 0xffffffffU : 128U;
}

// What identifies a real server within its virtual server.
struct RealServerId {
  Address address;
  std::uint16_t port = 0;

  friend bool operator==(const RealServerId&, const RealServerId&) = default;
  friend std::strong_ordering operator<=>(const RealServerId& a, const RealServerId& b) {
    if (auto order = compare(a.address, b.address); order != 0) return order;
    return a.port <=> b.port;
  }
};

// How packets reach a real server (IP_VS_CONN_F_MASQ and its neighbours).
enum class Forward : std::uint8_t { kMasquerade = 0, kLocal = 1, kTunnel = 2, kRoute = 3 };

// The encapsulation of Forward::kTunnel (IP_VS_CONN_F_TUNNEL_TYPE_*). We only ever read it.
struct Tunnel {
  std::uint8_t type = 0;    // 0 ipip, 1 gue, 2 gre
  std::uint16_t port = 0;   // of gue
  std::uint16_t flags = 0;  // 0 no checksum, 1 checksum, 2 remote checksum

  friend bool operator==(const Tunnel&, const Tunnel&) = default;
};

// The settings of a real server.
struct RealServer {
  Forward forward = Forward::kMasquerade;
  std::int32_t weight = 1;  // 0: takes no new connection, keeps those it has
  std::uint32_t upper_threshold = 0;
  std::uint32_t lower_threshold = 0;
  Tunnel tunnel;

  friend bool operator==(const RealServer&, const RealServer&) = default;
};

}  // namespace ipvs
