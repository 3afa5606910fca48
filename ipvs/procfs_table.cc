#include "ipvs/procfs_table.h"

#include <charconv>
#include <optional>

namespace ipvs {
namespace {

constexpr std::string_view kArrow = "  -> ";

// Takes the next word off `text`; empty at its end.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> number(std::string_view word, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// "0A600001", "[fd00:0010:0096:0000:0000:0000:0000:0001]".
std::optional<Address> address_in(std::string_view word) {
  if (!word.starts_with('[') || !word.ends_with(']')) {
    const auto bits = number<std::uint32_t>(word, 16);
    return bits ? std::optional<Address>(boost::asio::ip::make_address_v4(*bits)) : std::nullopt;
  }
  boost::system::error_code error;
  const std::string text(word.substr(1, word.size() - 2));
  const auto address = boost::asio::ip::make_address_v6(text, error);
  return error ? std::nullopt : std::optional<Address>(address);
}

// "0A600001:0050".
std::optional<RealServerId> endpoint_in(std::string_view word) {
  const auto colon = word.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto address = address_in(word.substr(0, colon));
  const auto port = number<std::uint16_t>(word.substr(colon + 1), 16);
  if (!address || !port) return std::nullopt;
  return RealServerId{*address, *port};
}

std::optional<Protocol> protocol_in(std::string_view word) {
  if (word == "TCP") return Protocol::kTcp;
  if (word == "UDP") return Protocol::kUdp;
  if (word == "SCTP") return Protocol::kSctp;
  return std::nullopt;
}

std::optional<Forward> forward_in(std::string_view word) {
  if (word == "Masq") return Forward::kMasquerade;
  if (word == "Local") return Forward::kLocal;
  if (word == "Route") return Forward::kRoute;
  return std::nullopt;
}

// "TCP  0A600001:0050 rr ..."
std::optional<VirtualServerId> virtual_server_in(std::string_view line) {
  const auto protocol = protocol_in(next_word(line));
  const auto endpoint = endpoint_in(next_word(line));
  if (!protocol || !endpoint) return std::nullopt;
  return VirtualServerId{
      .address = endpoint->address, .protocol = *protocol, .port = endpoint->port};
}

// "0AF40102:1F90      Masq    1      0          0", without its arrow.
std::optional<ObservedRealServer> real_server_in(std::string_view line) {
  const auto id = endpoint_in(next_word(line));
  const auto forward = forward_in(next_word(line));
  const auto weight = number<std::int32_t>(next_word(line), 10);
  const auto active = number<std::uint32_t>(next_word(line), 10);
  const auto inactive = number<std::uint32_t>(next_word(line), 10);
  if (!id || !forward || !weight || !active || !inactive) return std::nullopt;
  ObservedRealServer server{.id = *id, .settings = {}, .connections = {}, .traffic = {}};
  server.settings.forward = *forward;
  server.settings.weight = *weight;
  server.connections.active = *active;
  server.connections.inactive = *inactive;
  return server;
}

// Takes down line after line; `current_` is where the next real server belongs.
class Reader {
 public:
  void read(std::string_view line) {
    if (line.starts_with(kArrow)) {
      if (current_ != table_.end()) add(real_server_in(line.substr(kArrow.size())));
      return;
    }
    const auto id = virtual_server_in(line);
    const auto [place, inserted] = id ? table_.try_emplace(*id) : std::pair(table_.end(), false);
    current_ = inserted ? place : table_.end();
  }

  RealServersByParent result() && { return std::move(table_); }

 private:
  void add(std::optional<ObservedRealServer> server) {
    if (server) {
      current_->second.push_back(*std::move(server));
    } else {
      table_.erase(current_);
      current_ = table_.end();
    }
  }

  RealServersByParent table_;
  RealServersByParent::iterator current_ = table_.end();
};

}  // namespace

RealServersByParent parse_procfs_table(std::string_view text) {
  Reader reader;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    reader.read(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::move(reader).result();
}

}  // namespace ipvs
