#include "ipvs/listing.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>

#include "ipvs/listing_order.h"
#include "ipvs/words.h"

namespace ipvs {
namespace {

class Listing {
 public:
  explicit Listing(const ListingOptions& options) : options_(options) {}

  void add_version(const KernelInfo& info) {
    add("IP Virtual Server version {}.{}.{} (size={})\n", info.version >> 16 & 0xff,
        info.version >> 8 & 0xff, info.version & 0xff, info.connection_table_size);
  }
  void add_titles();
  void add_virtual_server(const ObservedVirtualServer& server);
  // `protocol` is the virtual server's.
  void add_real_server(const ObservedRealServer& server, Protocol protocol);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  // Padded with blanks behind it; longer texts as they are. A cell has a blank before it, too.
  void add_padded(std::string_view text, std::size_t width);
  void add_cell(std::string_view text, std::size_t width);
  void add_cell(std::int64_t number, std::size_t width);
  void add_number(std::uint64_t number);
  void add_right(std::uint64_t number, std::size_t width);
  void add_scaled(std::uint64_t number, char suffix);
  void add_settings(const ObservedVirtualServer& server);
  void add_persistence(const ObservedVirtualServer& server);
  void add_connections(const ConnectionCounts& counts);
  void add_totals(const Traffic& traffic);
  void add_rates(const Traffic& traffic);

  ListingOptions options_;
  std::string text_;
};

// Enough for every number of 64 bits.
using Digits = std::array<char, 20>;

template <class Number>
std::string_view digits_of(Number number, Digits& room) {
  return {room.data(), std::to_chars(room.data(), room.data() + room.size(), number).ptr};
}

// fmt would read its format anew for each of a hundred thousand lines, which is most of their time.
void Listing::add_padded(std::string_view text, std::size_t width) {
  text_ += text;
  if (text.size() < width) text_.append(width - text.size(), ' ');
}

void Listing::add_cell(std::string_view text, std::size_t width) {
  text_ += ' ';
  add_padded(text, width);
}

void Listing::add_cell(std::int64_t number, std::size_t width) {
  Digits digits;
  add_cell(digits_of(number, digits), width);
}

void Listing::add_right(std::uint64_t number, std::size_t width) {
  Digits room;
  const auto digits = digits_of(number, room);
  if (digits.size() < width) text_.append(width - digits.size(), ' ');
  text_ += digits;
}

void Listing::add_scaled(std::uint64_t number, char suffix) {
  add_right(number, 8);
  text_ += suffix;
}

// Five digits and a suffix in nine columns, cut, not rounded.
void Listing::add_number(std::uint64_t number) {
  constexpr std::uint64_t kWidest = 100'000'000;
  if (number < kWidest) {
    add_right(number, 9);
  } else if (options_.exact) {
    text_ += ' ';
    add_right(number, 0);
  } else if (number < 1'000'000'000) {
    add_scaled(number / 1'000, 'K');
  } else if (number < 100'000'000'000) {
    add_scaled(number / 1'000'000, 'M');
  } else if (number < 100'000'000'000'000) {
    add_scaled(number / 1'000'000'000, 'G');
  } else {
    add_scaled(number / 1'000'000'000'000, 'T');
  }
}

void Listing::add_titles() {
  constexpr std::string_view kFirst = "Prot LocalAddress:Port";
  constexpr std::string_view kSecond = "  -> RemoteAddress:Port";
  switch (options_.format) {
    case ListingFormat::kDefault:
      add("{} Scheduler Flags\n{}           Forward Weight ActiveConn InActConn\n", kFirst,
          kSecond);
      return;
    case ListingFormat::kTunnelInfo:
      add("{} Scheduler Flags\n{}           Forward TunnelInfo    Weight ActiveConn InActConn\n",
          kFirst, kSecond);
      return;
    case ListingFormat::kStats:
      add("{:<33}    Conns   InPkts  OutPkts  InBytes OutBytes\n{}\n", kFirst, kSecond);
      return;
    case ListingFormat::kRate:
      add("{:<33}      CPS    InPPS   OutPPS    InBPS   OutBPS\n{}\n", kFirst, kSecond);
      return;
    case ListingFormat::kThresholds:
      add("{:<33} Uthreshold Lthreshold ActiveConn InActConn \n{}\n", kFirst, kSecond);
      return;
    case ListingFormat::kPersistentConnections:
      add("{:<33} Weight    PersistConn ActiveConn InActConn \n{}\n", kFirst, kSecond);
      return;
  }
}

// IPv6 texts may be as long as they like, IPv4 texts are cut.
std::string cut(std::string text, const Address& address, std::size_t width) {
  if (address.is_v4() && text.size() > width) text.resize(width);
  return text;
}

// ipvsadm prints an unsigned mark as a signed number.
std::string service_text(const VirtualServerId& id, const Names* names) {
  constexpr std::size_t kWidth = 33;
  if (id.fwmark == 0) {
    std::string text(protocol_word(id.protocol));
    text.resize(std::max<std::size_t>(text.size(), 4), ' ');
    text += ' ' + endpoint_text(id.address, id.port, id.protocol, names);
    return cut(std::move(text), id.address, kWidth);
  }
  return fmt::format("FWM  {}{}", static_cast<std::int32_t>(id.fwmark),
                     id.address.is_v6() ? " IPv6" : "");
}

void Listing::add_persistence(const ObservedVirtualServer& server) {
  const VirtualServer& settings = server.settings;
  add(" persistent {}", settings.timeout.count());
  if (settings.netmask != host_netmask(server.id.address)) {
    add(" mask {}", netmask_text(settings.netmask, server.id.address));
  }
  if (!settings.persistence_engine.empty()) add(" pe {}", settings.persistence_engine);
}

void Listing::add_settings(const ObservedVirtualServer& server) {
  const VirtualServer& settings = server.settings;
  add_cell(settings.scheduler, 0);
  if ((settings.flags & kSchedulerFlags) != 0) add(" ({})", scheduler_flag_words(settings));
  if ((settings.flags & VirtualServerFlag::kPersistent) != 0) add_persistence(server);
  if ((settings.flags & VirtualServerFlag::kOnePacket) != 0) add(" ops");
}

void Listing::add_totals(const Traffic& traffic) {
  add_number(traffic.connections);
  add_number(traffic.packets_in);
  add_number(traffic.packets_out);
  add_number(traffic.bytes_in);
  add_number(traffic.bytes_out);
}

void Listing::add_rates(const Traffic& traffic) {
  add_number(traffic.connections_per_second);
  add_number(traffic.packets_in_per_second);
  add_number(traffic.packets_out_per_second);
  add_number(traffic.bytes_in_per_second);
  add_number(traffic.bytes_out_per_second);
}

void Listing::add_virtual_server(const ObservedVirtualServer& server) {
  if (options_.format == ListingFormat::kStats) {
    add_padded(service_text(server.id, options_.names), 33);
    add_totals(server.traffic);
  } else if (options_.format == ListingFormat::kRate) {
    add_padded(service_text(server.id, options_.names), 33);
    add_rates(server.traffic);
  } else {
    text_ += service_text(server.id, options_.names);
    add_settings(server);
  }
  if (options_.note) add("  {}", options_.note(server.id));
  text_ += '\n';
}

std::string_view checksum_word(std::uint16_t flags) {
  if (flags == 0) return "-c";
  return flags == 1 ? "+c" : "r+c";
}

std::string tunnel_word(const RealServer& settings) {
  constexpr std::uint8_t kGue = 1;
  constexpr std::uint8_t kGre = 2;
  const Tunnel& tunnel = settings.tunnel;
  if (settings.forward != Forward::kTunnel) return "n/a";
  if (tunnel.type == kGue)
    return fmt::format("gue:{}:{}", tunnel.port, checksum_word(tunnel.flags));
  if (tunnel.type == kGre) return fmt::format("gre:{}", checksum_word(tunnel.flags));
  return "ipip";
}

// ipvsadm reads a real server's 64-bit counters as 32-bit ones, all but the byte totals.
Traffic as_ipvsadm_reads(Traffic traffic) {
  for (std::uint64_t* counter : {&traffic.connections, &traffic.packets_in, &traffic.packets_out,
                                 &traffic.connections_per_second, &traffic.packets_in_per_second,
                                 &traffic.packets_out_per_second, &traffic.bytes_in_per_second,
                                 &traffic.bytes_out_per_second}) {
    *counter &= 0xffffffff;
  }
  return traffic;
}

void Listing::add_connections(const ConnectionCounts& counts) {
  add_cell(counts.active, 10);
  add_cell(counts.inactive, 10);
}

void Listing::add_real_server(const ObservedRealServer& server, Protocol protocol) {
  constexpr std::size_t kWidth = 28;
  const RealServer& settings = server.settings;
  const ConnectionCounts& counts = server.connections;
  const Traffic traffic = as_ipvsadm_reads(server.traffic);
  text_ += "  ->";
  add_cell(cut(endpoint_text(server.id.address, server.id.port, protocol, options_.names),
               server.id.address, kWidth),
           kWidth);
  switch (options_.format) {
    case ListingFormat::kDefault:
      add_cell(forward_word(settings.forward), 7);
      add_cell(settings.weight, 6);
      add_connections(counts);
      break;
    case ListingFormat::kTunnelInfo:
      add_cell(forward_word(settings.forward), 7);
      add_cell(tunnel_word(settings), 13);
      add_cell(settings.weight, 6);
      add_connections(counts);
      break;
    case ListingFormat::kStats:
      add_totals(traffic);
      break;
    case ListingFormat::kRate:
      for (const auto rate : {traffic.connections_per_second, traffic.packets_in_per_second,
                              traffic.packets_out_per_second}) {
        text_ += ' ';
        add_right(rate, 8);
      }
      add_number(traffic.bytes_in_per_second);
      add_number(traffic.bytes_out_per_second);
      break;
    case ListingFormat::kThresholds:
      add_cell(settings.upper_threshold, 10);
      add_cell(settings.lower_threshold, 10);
      add_connections(counts);
      break;
    case ListingFormat::kPersistentConnections:
      add_cell(static_cast<std::uint32_t>(settings.weight), 9);
      add_cell(counts.persistent, 11);
      add_connections(counts);
      break;
  }
  text_ += '\n';
}

template <class Entry>
std::vector<const Entry*> in_order(const std::vector<Entry>& dump, bool sorted) {
  if (sorted) return listing_order(dump);
  std::vector<const Entry*> order;
  order.reserve(dump.size());
  for (const Entry& entry : dump) order.push_back(&entry);
  return order;
}

}  // namespace

std::string listing(const KernelInfo& info, const std::vector<ObservedVirtualServer>& table,
                    const ListingOptions& options) {
  Listing text(options);
  if (options.version_line) text.add_version(info);
  text.add_titles();
  for (const ObservedVirtualServer* server : in_order(table, options.sorted)) {
    text.add_virtual_server(*server);
    for (const ObservedRealServer* real : in_order(server->real_servers, options.sorted)) {
      text.add_real_server(*real, server->id.protocol);
    }
  }
  return std::move(text).text();
}

}  // namespace ipvs
