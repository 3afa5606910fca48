// Says when the tables of this network namespace are as peer.py wants to see them: "watching" when
// it begins to look, "seen" as soon as it is so, and ends.
//
//   table_watch servers COUNT ADDRESSES
//       there are COUNT IPv4 real servers, and ADDRESSES addresses on kube-ipvs0; or more
//   table_watch server ADDRESS PORT SERVER yes|no
//       that TCP service gives SERVER, an address, new connections; or none any more
//
// It looks by the socket options of IPVS, which take microseconds, and rests between two looks: who
// looks holds the lock that the watched need.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "ipvs/ipv4_table.h"
#include "ipvs/node_addresses.h"

namespace {

using namespace std::chrono_literals;
using Arguments = std::span<char* const>;

constexpr std::uint32_t kMostServers = 64;  // of one virtual server

struct Condition {
  std::function<bool(ipvs::Ipv4Table&)> holds;
  std::chrono::milliseconds pause;
};

void check(int code) {
  if (code != 0) throw std::system_error(code, std::generic_category(), "IPVS");
}

std::uint32_t servers(ipvs::Ipv4Table& table) {
  std::vector<ipvs::Ipv4VirtualServer> found;
  check(table.read(found));
  return std::accumulate(found.begin(), found.end(), 0U, [](std::uint32_t sum, const auto& server) {
    return sum + server.real_servers;
  });
}

// None while they change faster than they can be read: then they are not yet what is awaited.
std::size_t addresses_of_the_link() {
  auto addresses = ipvs::NodeAddresses::open();
  if (!addresses) throw std::runtime_error(ipvs::to_string(addresses.error()));
  const auto seen = addresses->observe();
  if (!seen && seen.error().code == EINTR) return 0;
  if (!seen) throw std::runtime_error(ipvs::to_string(seen.error()));
  return seen->bound.size();
}

bool is_served(ipvs::Ipv4Table& table, const ipvs::VirtualServerId& service,
               const ipvs::Address& server) {
  std::vector<ipvs::ObservedRealServer> found;
  const int code = table.read({service, kMostServers}, found);
  if (code == ESRCH) return false;  // there is no such service
  check(code);
  return std::any_of(found.begin(), found.end(), [&](const auto& one) {
    return one.id.address == server && one.settings.weight > 0;
  });
}

Condition all_servers(Arguments words) {
  const auto count = std::stoul(words[0]);
  const auto addresses = std::stoul(words[1]);
  return {[=](ipvs::Ipv4Table& table) {
            return servers(table) >= count && addresses_of_the_link() >= addresses;
          },
          10ms};
}

Condition one_server(Arguments words) {
  const ipvs::VirtualServerId service{.address = boost::asio::ip::make_address(words[0]),
                                      .protocol = ipvs::Protocol::kTcp,
                                      .port = static_cast<std::uint16_t>(std::stoul(words[1]))};
  const auto server = boost::asio::ip::make_address(words[2]);
  const bool wanted = std::string_view(words[3]) == "yes";
  return {[=](ipvs::Ipv4Table& table) { return is_served(table, service, server) == wanted; }, 1ms};
}

Condition condition(Arguments words) {
  if (words.size() == 3 && std::string_view(words[0]) == "servers") {
    return all_servers(words.subspan(1));
  }
  if (words.size() == 5 && std::string_view(words[0]) == "server") {
    return one_server(words.subspan(1));
  }
  throw std::invalid_argument("servers COUNT ADDRESSES | server ADDRESS PORT SERVER yes|no");
}

void say(const char* word) {
  std::puts(word);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) try {
  const auto awaited = condition(Arguments(words, static_cast<std::size_t>(count)).subspan(1));
  ipvs::Ipv4Table table;
  say("watching");
  while (!awaited.holds(table)) std::this_thread::sleep_for(awaited.pause);
  say("seen");
} catch (const std::exception& error) {
  std::fprintf(stderr, "table_watch: %s\n", error.what());
  return 2;
}
