#include "tests/ipvs/random_table.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

using ipvs::Address;
using ipvs::Forward;
using ipvs::Protocol;
using ipvs::VirtualServerFlag;

// Not std::uniform_int_distribution: its results differ between libraries.
std::uint32_t RandomTable::below(std::uint32_t limit) {
  return static_cast<std::uint32_t>(random_() % limit);
}

// Few prefixes and few host numbers, so that addresses are often neighbours and sometimes equal.
Address RandomTable::address(bool is_v6) {
  constexpr std::array<std::uint32_t, 7> kNetworks = {
      0x0a600000, 0x0af40100, 0x7f000000, 0x80000000, 0xac1e0000, 0xc0a80100, 0x64400000};
  const std::uint32_t host = 1 + (one_in(4) ? below(200) : below(20000));
  if (!is_v6) {
    return boost::asio::ip::make_address_v4(kNetworks[below(kNetworks.size())] + host);
  }
  boost::asio::ip::address_v6::bytes_type bytes{};
  bytes[0] = one_in(2) ? 0xfd : 0x20;
  bytes[1] = static_cast<unsigned char>(below(4));
  bytes[4] = static_cast<unsigned char>(one_in(3) ? 0xff : below(3));
  bytes[9] = static_cast<unsigned char>(one_in(3) ? 0x96 : 0);
  bytes[14] = static_cast<unsigned char>(host >> 8);
  bytes[15] = static_cast<unsigned char>(host & 0xff);
  return boost::asio::ip::address_v6(bytes);
}

ipvs::VirtualServerId RandomTable::id() {
  constexpr std::array kProtocols = {Protocol::kTcp, Protocol::kTcp, Protocol::kUdp,
                                     Protocol::kSctp};
  const bool is_v6 = one_in(3);
  ipvs::VirtualServerId id;
  if (one_in(10)) {
    id.fwmark = one_in(3) ? 0x80000000U + below(0x7fffffff) : 1 + below(2000);
    if (is_v6) id.address = boost::asio::ip::address_v6();
    return id;
  }
  id.address = address(is_v6);
  id.protocol = kProtocols[below(kProtocols.size())];
  id.port = static_cast<std::uint16_t>(1 + below(one_in(2) ? 100 : 65535));
  return id;
}

ipvs::VirtualServer RandomTable::settings(const Address& address) {
  constexpr std::array kSchedulers = {"rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq"};
  ipvs::VirtualServer made;
  made.scheduler = kSchedulers[below(kSchedulers.size())];
  made.netmask = ipvs::host_netmask(address);
  if (one_in(3)) {
    made.flags |= VirtualServerFlag::kPersistent;
    made.timeout = std::chrono::seconds(1 + below(86400));
    if (one_in(2)) made.netmask = address.is_v6() ? 1 + below(128) : ~0U << (1 + below(24));
  }
  if (one_in(4)) made.flags |= VirtualServerFlag::kScheduler1;
  if (one_in(4)) made.flags |= VirtualServerFlag::kScheduler2;
  // sh and mh have no word for the third bit.
  const bool names_third = made.scheduler != "sh" && made.scheduler != "mh";
  if (names_third && one_in(4)) made.flags |= VirtualServerFlag::kScheduler3;
  if (one_in(6)) made.flags |= VirtualServerFlag::kOnePacket;
  return made;
}

ipvs::RealServer RandomTable::real_settings() {
  constexpr std::array kMethods = {Forward::kMasquerade, Forward::kMasquerade, Forward::kTunnel,
                                   Forward::kRoute};
  ipvs::RealServer made;
  made.forward = kMethods[below(kMethods.size())];
  made.weight = static_cast<std::int32_t>(one_in(8) ? below(0x7fffffff) : below(3));
  return made;
}

void RandomTable::add_real_servers(ipvs::ObservedVirtualServer& parent) {
  std::set<ipvs::RealServerId> taken;
  for (std::uint32_t i = below(10); i > 0; --i) {
    const ipvs::RealServerId id{.address = address(parent.id.address.is_v6()),
                                .port = static_cast<std::uint16_t>(below(65536))};
    if (!taken.insert(id).second) continue;
    parent.real_servers.push_back(
        {.id = id, .settings = real_settings(), .connections = {}, .traffic = {}});
  }
}

std::vector<ipvs::ObservedVirtualServer> RandomTable::draw(int size) {
  std::set<ipvs::VirtualServerId> taken;
  std::vector<ipvs::ObservedVirtualServer> table;
  for (int i = 0; i < size; ++i) {
    const ipvs::VirtualServerId drawn = id();
    if (!taken.insert(drawn).second) continue;
    table.push_back(
        {.id = drawn, .settings = settings(drawn.address), .traffic = {}, .real_servers = {}});
    add_real_servers(table.back());
  }
  return table;
}

std::vector<ipvs::Step> steps_to_make(const std::vector<ipvs::ObservedVirtualServer>& table) {
  std::vector<ipvs::Step> steps;
  for (const auto& server : table) {
    steps.emplace_back(ipvs::AddVirtualServer{.id = server.id, .settings = server.settings});
    for (const auto& real : server.real_servers) {
      steps.emplace_back(
          ipvs::AddRealServer{.parent = server.id, .id = real.id, .settings = real.settings});
    }
  }
  return steps;
}
