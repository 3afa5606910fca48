#include "ipvs/words.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

namespace ipvs {

namespace {

// "10.96.0.1:443". By hand, because a listing has a hundred thousand of them, and inet_ntop() is
// printf() inside.
std::string dotted(const boost::asio::ip::address_v4& address, std::uint16_t port) {
  std::array<char, sizeof "255.255.255.255:65535"> text;
  char* end = text.data();
  for (const unsigned byte : address.to_bytes()) {
    end = std::to_chars(end, text.end(), byte).ptr;
    *end++ = '.';
  }
  end[-1] = ':';
  return {text.data(), std::to_chars(end, text.end(), port).ptr};
}

}  // namespace

std::string endpoint_text(const Address& address, std::uint16_t port) {
  if (address.is_v4()) return dotted(address.to_v4(), port);
  return fmt::format("[{}]:{}", address.to_string(), port);
}

std::string_view protocol_word(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
    case Protocol::kNone:
      break;
  }
  return "?";
}

std::string_view forward_word(Forward forward) {
  switch (forward) {
    case Forward::kMasquerade:
      return "Masq";
    case Forward::kLocal:
      return "Local";
    case Forward::kTunnel:
      return "Tunnel";
    case Forward::kRoute:
      return "Route";
  }
  return "";
}

namespace {

using FlagWords = std::array<std::string_view, 3>;

FlagWords flag_words_of(std::string_view scheduler) {
  if (scheduler == "sh") return {"sh-fallback", "sh-port", ""};
  if (scheduler == "mh") return {"mh-fallback", "mh-port", ""};
  return {"flag-1", "flag-2", "flag-3"};
}

}  // namespace

std::string scheduler_flag_words(const VirtualServer& settings) {
  const FlagWords words = flag_words_of(settings.scheduler);
  std::string text;
  std::uint32_t bit = VirtualServerFlag::kScheduler1;
  for (const std::string_view word : words) {
    if ((settings.flags & bit) != 0 && !word.empty()) {
      if (!text.empty()) text += ',';
      text += word;
    }
    bit <<= 1;
  }
  return text;
}

std::string netmask_text(std::uint32_t netmask, const Address& address) {
  if (address.is_v6()) return std::to_string(netmask);
  return boost::asio::ip::make_address_v4(netmask).to_string();
}

std::string to_string(const VirtualServerId& id) {
  if (id.fwmark != 0) return fmt::format("FWM {}{}", id.fwmark, id.address.is_v6() ? " IPv6" : "");
  return fmt::format("{} {}", protocol_word(id.protocol), endpoint_text(id.address, id.port));
}

std::string to_string(const RealServerId& id) { return endpoint_text(id.address, id.port); }

}  // namespace ipvs
