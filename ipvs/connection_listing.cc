#include "ipvs/connection_listing.h"

#include <fmt/core.h>

#include <charconv>
#include <iterator>
#include <optional>
#include <vector>

#include "ipvs/words.h"

namespace ipvs {
namespace {

using Fields = std::vector<std::string_view>;

constexpr std::size_t kFields = 9;
constexpr std::size_t kFieldsWithEngine = 11;

Fields split(std::string_view line) {
  Fields fields;
  while (true) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return fields;
    line.remove_prefix(begin);
    const auto end = std::min(line.find(' '), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<Address> address_in(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto word = number<std::uint32_t>(text, 16);
    if (!word) return std::nullopt;
    return boost::asio::ip::make_address_v4(*word);
  }
  boost::system::error_code invalid;
  const auto address = boost::asio::ip::make_address_v6(std::string(text), invalid);
  if (invalid) return std::nullopt;
  return address;
}

// Templates of a firewall mark have the protocol IP.
Protocol protocol_in(std::string_view word) {
  if (word == "TCP") return Protocol::kTcp;
  if (word == "UDP") return Protocol::kUdp;
  return word == "SCTP" ? Protocol::kSctp : Protocol::kNone;
}

// Appends the rows; remembers what each would say.
class Rows {
 public:
  explicit Rows(const ConnectionListingOptions& options) : options_(options) {}

  void add(const Fields& fields);
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  [[nodiscard]] std::optional<std::string> endpoint(const Fields& fields, std::size_t at) const;

  ConnectionListingOptions options_;
  std::string text_;
};

std::optional<std::string> Rows::endpoint(const Fields& fields, std::size_t at) const {
  const auto address = address_in(fields[at]);
  const auto port = number<std::uint16_t>(fields[at + 1], 16);
  if (!address || !port) return std::nullopt;
  return endpoint_text(*address, *port, protocol_in(fields[0]), options_.names);
}

void Rows::add(const Fields& fields) {
  if (fields.size() < kFields) return;
  const auto client = endpoint(fields, 1);
  const auto service = endpoint(fields, 3);
  const auto server = endpoint(fields, 5);
  const auto expires = number<std::uint32_t>(fields[8], 10);
  if (!client || !service || !server || !expires) return;
  const auto out = std::back_inserter(text_);
  fmt::format_to(out, "{:<3} {:<6} {:<11} {:<18} {:<18} ", fields[0],
                 fmt::format("{:02}:{:02}", *expires / 60, *expires % 60), fields[7], *client,
                 *service);
  if (options_.persistence_engine && fields.size() >= kFieldsWithEngine) {
    fmt::format_to(out, "{:<16} {:<18} {}\n", *server, fields[9], fields[10]);
  } else {
    fmt::format_to(out, "{}\n", *server);
  }
}

}  // namespace

std::string connection_listing(std::string_view connections,
                               const ConnectionListingOptions& options) {
  Rows rows(options);
  for (bool heading = true; !connections.empty(); heading = false) {
    const auto end = std::min(connections.find('\n'), connections.size());
    if (!heading) rows.add(split(connections.substr(0, end)));
    connections.remove_prefix(std::min(end + 1, connections.size()));
  }
  const std::string titles =
      options.persistence_engine
          ? fmt::format("pro expire {:<11} {:<18} {:<18} {:<18} {:<16} pe_data\n", "state",
                        "source", "virtual", "destination", "pe name")
          : fmt::format("pro expire {:<11} {:<18} {:<18} destination\n", "state", "source",
                        "virtual");
  return "IPVS connection entries\n" + titles + std::move(rows).text();
}

}  // namespace ipvs
