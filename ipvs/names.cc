#include "ipvs/names.h"

#include <fmt/core.h>

#include "ipvs/words.h"

namespace ipvs {

std::string endpoint_text(const Address& address, std::uint16_t port, Protocol protocol,
                          const Names* names) {
  constexpr std::size_t kBuffer = 59;
  if (names == nullptr) return endpoint_text(address, port);
  auto host = names->host(address);
  if (host.empty()) host = address.to_string();
  auto service = protocol == Protocol::kNone ? std::string() : names->service(port, protocol);
  if (service.empty()) service = std::to_string(port);
  return (address.is_v6() ? fmt::format("[{}]:{}", host, service)
                          : fmt::format("{}:{}", host, service))
      .substr(0, kBuffer);
}

}  // namespace ipvs
