// parse_save_format: each line becomes a Command by a table of options, then an entry of the table.
#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include "ipvs/save_format.h"

namespace ipvs {
namespace {

// What is wrong, or nothing.
using Complaint = std::optional<std::string>;

enum class Verb : std::uint8_t { kNone, kAddVirtualServer, kAddRealServer };

// One line while it is read. The ids are complete once every option has been seen.
struct Command {
  Verb verb = Verb::kNone;
  std::optional<VirtualServerId> service;
  VirtualServer service_settings{.scheduler = "wlc"};
  std::optional<std::string_view> netmask;
  std::optional<RealServerId> server;
  RealServer server_settings{.forward = Forward::kRoute, .tunnel = {}};
};

template <class Number>
Complaint read_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error == std::errc{} && end == text.data() + text.size()) return {};
  return "\"" + std::string(text) + "\" is not a number in range";
}

Complaint read_address(std::string_view text, Address& into) {
  boost::system::error_code error;
  into = boost::asio::ip::make_address(std::string(text), error);
  if (!error) return {};
  return "\"" + std::string(text) + "\" is not a numeric address (was it saved with -n?)";
}

// "10.96.0.1:443" or "[fd00::1]:443".
Complaint read_endpoint(std::string_view text, Address& address, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return "\"" + std::string(text) + "\" has no port";
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (auto complaint = read_address(host, address)) return complaint;
  return read_number(text.substr(colon + 1), port);
}

Complaint set_service(Command& command, Protocol protocol, std::string_view text) {
  if (command.service) return "it names two virtual servers";
  command.service.emplace().protocol = protocol;
  return read_endpoint(text, command.service->address, command.service->port);
}

// ipvsadm writes the upper half of the marks as negative numbers.
Complaint set_mark(Command& command, std::string_view text) {
  if (command.service) return "it names two virtual servers";
  command.service.emplace();  // of IPv4, until a -6 follows
  std::int64_t mark = 0;
  if (auto complaint = read_number(text, mark)) return complaint;
  if (mark == 0) return "a firewall mark is not 0";
  if (mark < std::numeric_limits<std::int32_t>::min() ||
      mark > std::numeric_limits<std::uint32_t>::max()) {
    return "\"" + std::string(text) + "\" is not a number in range";
  }
  command.service->fwmark = static_cast<std::uint32_t>(mark);
  return {};
}

Complaint set_verb(Command& command, Verb verb) {
  if (command.verb != Verb::kNone) return "it has two commands";
  command.verb = verb;
  return {};
}

Complaint set_persistence(Command& command, std::string_view text) {
  std::uint32_t seconds = 0;
  if (auto complaint = read_number(text, seconds)) return complaint;
  command.service_settings.timeout = std::chrono::seconds(seconds);
  command.service_settings.flags |= VirtualServerFlag::kPersistent;
  return {};
}

std::uint32_t scheduler_flag(std::string_view word) {
  if (word == "flag-1" || word == "sh-fallback" || word == "mh-fallback") {
    return VirtualServerFlag::kScheduler1;
  }
  if (word == "flag-2" || word == "sh-port" || word == "mh-port") {
    return VirtualServerFlag::kScheduler2;
  }
  return word == "flag-3" ? VirtualServerFlag::kScheduler3 : 0;
}

Complaint set_scheduler_flags(Command& command, std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::uint32_t flag = scheduler_flag(text.substr(0, comma));
    if (flag == 0) return "\"" + std::string(text.substr(0, comma)) + "\" is no scheduler flag";
    command.service_settings.flags |= flag;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

Complaint set_tunnel_type(Command& command, std::string_view text) {
  Tunnel& tunnel = command.server_settings.tunnel;
  for (const std::string_view word : {"ipip", "gue", "gre"}) {
    if (word == text) return {};
    ++tunnel.type;
  }
  return "\"" + std::string(text) + "\" is no tunnel type";
}

Complaint set_weight(Command& command, std::string_view text) {
  return read_number(text, command.server_settings.weight);
}

Complaint set_server(Command& command, std::string_view text) {
  if (command.server) return "it names two real servers";
  command.server.emplace();
  return read_endpoint(text, command.server->address, command.server->port);
}

Complaint set_mark_family(Command& command) {
  if (!command.service || command.service->fwmark == 0) return "-6 belongs behind -f";
  command.service->address = boost::asio::ip::address_v6();
  return {};
}

// For flags that have no word ipvsadm ends the line behind -b.
enum class Value : std::uint8_t { kNone, kOne, kOneUnlessLast };

struct Option {
  std::string_view spelling;
  Value value;
  Complaint (*apply)(Command& command, std::string_view value);
};

constexpr Option kOptions[] = {
    {"-A", Value::kNone,
     [](Command& c, std::string_view) { return set_verb(c, Verb::kAddVirtualServer); }},
    {"-a", Value::kNone,
     [](Command& c, std::string_view) { return set_verb(c, Verb::kAddRealServer); }},
    {"-t", Value::kOne,
     [](Command& c, std::string_view v) { return set_service(c, Protocol::kTcp, v); }},
    {"-u", Value::kOne,
     [](Command& c, std::string_view v) { return set_service(c, Protocol::kUdp, v); }},
    {"--sctp-service", Value::kOne,
     [](Command& c, std::string_view v) { return set_service(c, Protocol::kSctp, v); }},
    {"-f", Value::kOne, set_mark},
    {"-6", Value::kNone, [](Command& c, std::string_view) { return set_mark_family(c); }},
    {"-s", Value::kOne,
     [](Command& c, std::string_view v) {
       c.service_settings.scheduler = v;
       return Complaint();
     }},
    {"-p", Value::kOne, set_persistence},
    {"-M", Value::kOne,
     [](Command& c, std::string_view v) {
       c.netmask = v;
       return Complaint();
     }},
    {"--pe", Value::kOne,
     [](Command& c, std::string_view v) {
       c.service_settings.persistence_engine = v;
       return Complaint();
     }},
    {"-o", Value::kNone,
     [](Command& c, std::string_view) {
       c.service_settings.flags |= VirtualServerFlag::kOnePacket;
       return Complaint();
     }},
    {"-b", Value::kOneUnlessLast, set_scheduler_flags},
    {"-r", Value::kOne, set_server},
    {"-m", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.forward = Forward::kMasquerade;
       return Complaint();
     }},
    {"-i", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.forward = Forward::kTunnel;
       return Complaint();
     }},
    {"-g", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.forward = Forward::kRoute;
       return Complaint();
     }},
    {"-w", Value::kOne, set_weight},
    {"-x", Value::kOne,
     [](Command& c, std::string_view v) {
       return read_number(v, c.server_settings.upper_threshold);
     }},
    {"-y", Value::kOne,
     [](Command& c, std::string_view v) {
       return read_number(v, c.server_settings.lower_threshold);
     }},
    {"--tun-type", Value::kOne, set_tunnel_type},
    {"--tun-port", Value::kOne,
     [](Command& c, std::string_view v) { return read_number(v, c.server_settings.tunnel.port); }},
    {"--tun-nocsum", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.tunnel.flags = 0;
       return Complaint();
     }},
    {"--tun-csum", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.tunnel.flags = 1;
       return Complaint();
     }},
    {"--tun-remcsum", Value::kNone,
     [](Command& c, std::string_view) {
       c.server_settings.tunnel.flags = 2;
       return Complaint();
     }},
};

const Option* find_option(std::string_view spelling) {
  for (const Option& option : kOptions) {
    if (option.spelling == spelling) return &option;
  }
  return nullptr;
}

std::vector<std::string_view> split(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t begin = line.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

Complaint apply_options(Command& command, std::span<const std::string_view> words) {
  while (!words.empty()) {
    const Option* option = find_option(words.front());
    if (option == nullptr) {
      return "\"" + std::string(words.front()) + "\" is no option of a saved table";
    }
    words = words.subspan(1);
    std::string_view value;
    if (option->value != Value::kNone && !words.empty()) {
      value = words.front();
      words = words.subspan(1);
    } else if (option->value == Value::kOne) {
      return std::string(option->spelling) + " lacks its value";
    }
    if (auto complaint = option->apply(command, value)) return complaint;
  }
  return {};
}

// Only now, since the family of the virtual server may follow -M.
Complaint complete_netmask(Command& command) {
  const Address& address = command.service->address;
  std::uint32_t& netmask = command.service_settings.netmask;
  netmask = host_netmask(address);
  if (!command.netmask) return {};
  if (address.is_v6()) return read_number(*command.netmask, netmask);
  Address mask;
  if (auto complaint = read_address(*command.netmask, mask)) return complaint;
  if (!mask.is_v4()) return "the netmask is not an IPv4 one";
  netmask = mask.to_v4().to_uint();
  return {};
}

Complaint complete(Command& command) {
  if (command.verb == Verb::kNone) return "it has neither -A nor -a";
  if (!command.service) return "it names no virtual server";
  if (command.verb == Verb::kAddRealServer && !command.server) return "it names no real server";
  return complete_netmask(command);
}

struct IdHash {
  std::size_t operator()(const VirtualServerId& id) const {
    std::size_t seed = std::hash<Address>()(id.address);
    boost::hash_combine(seed, id.fwmark);
    boost::hash_combine(seed, static_cast<int>(id.protocol));
    boost::hash_combine(seed, id.port);
    return seed;
  }
};

class TableBuilder {
 public:
  Complaint add(const Command& command) {
    return command.verb == Verb::kAddVirtualServer ? add_virtual_server(command)
                                                   : add_real_server(command);
  }
  std::vector<ObservedVirtualServer> table() && { return std::move(table_); }

 private:
  Complaint add_virtual_server(const Command& command) {
    if (!index_.emplace(*command.service, table_.size()).second) {
      return "this virtual server stands in the text already";
    }
    table_.push_back({.id = *command.service,
                      .settings = command.service_settings,
                      .traffic = {},
                      .real_servers = {}});
    return {};
  }

  Complaint add_real_server(const Command& command) {
    const auto parent = index_.find(*command.service);
    if (parent == index_.end()) return "its virtual server is not in the text above it";
    auto& real_servers = table_[parent->second].real_servers;
    for (const ObservedRealServer& other : real_servers) {
      if (other.id == *command.server) return "this real server stands in the text already";
    }
    real_servers.push_back({.id = *command.server,
                            .settings = command.server_settings,
                            .connections = {},
                            .traffic = {}});
    return {};
  }

  std::vector<ObservedVirtualServer> table_;
  boost::unordered_flat_map<VirtualServerId, std::size_t, IdHash> index_;
};

Complaint read_line(std::string_view line, TableBuilder& builder) {
  const std::vector<std::string_view> words = split(line);
  if (words.empty() || words.front().starts_with('#')) return {};
  std::span<const std::string_view> options(words);
  if (options.front() == "ipvsadm") options = options.subspan(1);
  Command command;
  if (auto complaint = apply_options(command, options)) return complaint;
  if (auto complaint = complete(command)) return complaint;
  return builder.add(command);
}

}  // namespace

tl::expected<std::vector<ObservedVirtualServer>, ParseError> parse_save_format(
    std::string_view text) {
  TableBuilder builder;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (auto complaint = read_line(line, builder)) {
      return tl::unexpected(
          ParseError{.line = number, .text = std::string(line), .why = *complaint});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(builder).table();
}

}  // namespace ipvs
