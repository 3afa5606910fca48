#include "ipvs/ruleset_text.h"

#include <fmt/core.h>

#include <string_view>

#include "ipvs/set_shape.h"

namespace ipvs {
namespace {

std::string protocol_text(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kUdp:
      return "udp";
    case Protocol::kSctp:
      return "sctp";
    case Protocol::kNone:
      break;
  }
  return std::to_string(static_cast<int>(protocol));
}

std::string port_text(const SetElement& element) {
  return fmt::format("{} . {} . {}", element.address.to_string(), protocol_text(element.protocol),
                     element.port);
}

std::string range_text(const AddressRange& range) {
  return fmt::format("{}/{}", range.address.to_string(), range.prefix);
}

}  // namespace

std::string set_text(const SetElement& element) {
  return fmt::format("{}{}", base_name(element.set), is_v6(element) ? '6' : '4');
}

std::string element_text(const SetElement& element) {
  const auto address = [&] { return element.address.to_string(); };
  switch (shape_of(element.set)) {
    case SetShape::kAddress:
      return address();
    case SetShape::kAddressPair:
      return fmt::format("{0} . {0}", address());
    case SetShape::kPort:
      return port_text(element);
    case SetShape::kPortNumber:
      return std::to_string(element.port);
    case SetShape::kRange:
      return fmt::format("{} . {}", range_text(element.range), is_v6(element) ? "ipv6" : "ipv4");
    case SetShape::kPortAndRange:
      return fmt::format("{} . {}", port_text(element), range_text(element.range));
  }
  return "";
}

}  // namespace ipvs
