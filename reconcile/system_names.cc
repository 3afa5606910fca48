#include "reconcile/system_names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>

namespace reconcile {
namespace {

const char* protocol_name(ipvs::Protocol protocol) {
  switch (protocol) {
    case ipvs::Protocol::kTcp:
      return "tcp";
    case ipvs::Protocol::kUdp:
      return "udp";
    case ipvs::Protocol::kSctp:
      return "sctp";
    case ipvs::Protocol::kNone:
      break;
  }
  return "";
}

std::string host_name(const ipvs::Address& address) {
  const boost::asio::ip::tcp::endpoint endpoint(address, 0);
  std::array<char, NI_MAXHOST> name{};
  const int error = getnameinfo(endpoint.data(), static_cast<socklen_t>(endpoint.size()),
                                name.data(), name.size(), nullptr, 0, NI_NAMEREQD);
  return error == 0 ? name.data() : "";
}

std::string service_name(std::uint16_t port, ipvs::Protocol protocol) {
  const auto* entry = getservbyport(htons(port), protocol_name(protocol));
  return entry == nullptr ? "" : entry->s_name;
}

}  // namespace

ipvs::Names system_names() {
  const auto known = std::make_shared<std::map<ipvs::Address, std::string>>();
  return {.host =
              [known](const ipvs::Address& address) {
                const auto [entry, is_new] = known->try_emplace(address);
                if (is_new) entry->second = host_name(address);
                return entry->second;
              },
          .service = service_name};
}

std::optional<std::uint16_t> system_port(const std::string& name, ipvs::Protocol protocol) {
  const auto* entry = getservbyname(name.c_str(), protocol_name(protocol));
  if (entry == nullptr) return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(entry->s_port));
}

}  // namespace reconcile
