#include "reconcile/service_address.h"

#include <charconv>

namespace reconcile {

using ipvs::Protocol;
using ipvs::VirtualServerId;

namespace {

// "80", or "http" by the lookup.
std::optional<std::uint16_t> port_in(const std::string& text, Protocol protocol,
                                     const PortLookup& port_of) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && stopped == end) return port;
  return port_of ? port_of(text, protocol) : std::nullopt;
}

}  // namespace

std::optional<VirtualServerId> parse_service_address(const std::string& text, Protocol protocol,
                                                     const PortLookup& port_of) {
  VirtualServerId id{.address = {}, .protocol = protocol};
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  const bool whole = !bracketed && (host_end == std::string::npos ||
                                    text.find(':', host_end + 1) != std::string::npos);
  const auto host = whole ? text : text.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  boost::system::error_code invalid;
  id.address = boost::asio::ip::make_address(host, invalid);
  if (invalid || (bracketed && host_end == std::string::npos)) return std::nullopt;
  const auto rest = whole ? std::string() : text.substr(host_end + (bracketed ? 1 : 0));
  if (rest.empty()) return id;
  if (rest.front() != ':') return std::nullopt;
  const auto port = port_in(rest.substr(1), protocol, port_of);
  if (!port) return std::nullopt;
  id.port = *port;
  return id;
}

}  // namespace reconcile
