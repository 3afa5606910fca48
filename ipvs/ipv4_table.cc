#include "ipvs/ipv4_table.h"

#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

namespace ipvs {
namespace {

// What may be added between the question how many there are and the list.
constexpr std::uint32_t kGrowth = 16;

Address address_in(std::uint32_t wire) { return boost::asio::ip::address_v4(ntohl(wire)); }

VirtualServerId id_in(const ip_vs_service_entry& entry) {
  if (entry.fwmark != 0) return {.fwmark = entry.fwmark, .address = address_in(0)};
  return {.address = address_in(entry.addr),
          .protocol = static_cast<Protocol>(entry.protocol),
          .port = ntohs(entry.port)};
}

ObservedRealServer real_server_in(const ip_vs_dest_entry& entry) {
  return {.id = {.address = address_in(entry.addr), .port = ntohs(entry.port)},
          .settings = {.forward = static_cast<Forward>(entry.conn_flags & IP_VS_CONN_F_FWD_MASK),
                       .weight = entry.weight,
                       .upper_threshold = entry.u_threshold,
                       .lower_threshold = entry.l_threshold,
                       .tunnel = {}},
          .connections = {.active = entry.activeconns,
                          .inactive = entry.inactconns,
                          .persistent = entry.persistconns},
          .traffic = {}};
}

// The kernel says nowhere how many it filled in. A virtual server always has a scheduler's name, if
// only "none"; a real server at 0.0.0.0 is refused.
bool is_filled(const ip_vs_service_entry& entry) { return entry.sched_name[0] != '\0'; }
bool is_filled(const ip_vs_dest_entry& entry) { return entry.addr != 0; }

// The entries behind a question's head, up to the first that the kernel left as it was.
template <class Question>
auto filled(const Question& question, std::size_t room) {
  const std::span entries(question.entrytable, room);
  const auto end = std::find_if(entries.begin(), entries.end(),
                                [](const auto& entry) { return !is_filled(entry); });
  return std::span(entries.begin(), end);
}

}  // namespace

Ipv4Table::Ipv4Table()
    : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      error_(descriptor_ < 0 ? errno : 0) {}

Ipv4Table::~Ipv4Table() {
  if (descriptor_ >= 0) close(descriptor_);
}

int Ipv4Table::read(std::vector<Ipv4VirtualServer>& servers) {
  std::uint32_t room = 0;
  if (const int code = count(room); code != 0) return code;
  for (;; room *= 2) {
    room += kGrowth;
    auto& question = ask<ip_vs_get_services, ip_vs_service_entry>(room);
    question.num_services = room;
    if (const int code = get(IP_VS_SO_GET_SERVICES); code != 0) return code;
    const auto entries = filled(question, room);
    if (entries.size() == room) continue;
    for (const auto& entry : entries) servers.push_back({id_in(entry), entry.num_dests});
    buffer_ = {};  // a megabyte for ten thousand
    return 0;
  }
}

int Ipv4Table::read(const Ipv4VirtualServer& parent, std::vector<ObservedRealServer>& servers) {
  const std::uint32_t room = parent.real_servers + 1;
  auto& question = ask<ip_vs_get_dests, ip_vs_dest_entry>(room);
  question.fwmark = parent.id.fwmark;
  question.addr = htonl(parent.id.address.to_v4().to_uint());
  question.protocol = static_cast<std::uint16_t>(parent.id.protocol);
  question.port = htons(parent.id.port);
  question.num_dests = room;
  if (const int code = get(IP_VS_SO_GET_DESTS); code != 0) return code;
  for (const auto& entry : filled(question, room)) servers.push_back(real_server_in(entry));
  return 0;
}

int Ipv4Table::count(std::uint32_t& services) {
  auto& info = ask<ip_vs_getinfo, std::byte>(0);
  const int code = get(IP_VS_SO_GET_INFO);
  services = info.num_services;
  return code;
}

// An empty question with room for `room` entries, in the buffer. Zeroed: what the kernel leaves as
// it was is no entry.
template <class Question, class Entry>
Question& Ipv4Table::ask(std::size_t room) {
  question_size_ = sizeof(Question) + room * sizeof(Entry);
  buffer_.assign((question_size_ + sizeof buffer_[0] - 1) / sizeof buffer_[0], 0);
  return *reinterpret_cast<Question*>(buffer_.data());
}

int Ipv4Table::get(int option) {
  if (error_ != 0) return error_;
  auto size = static_cast<socklen_t>(question_size_);
  return getsockopt(descriptor_, IPPROTO_IP, option, buffer_.data(), &size) < 0 ? errno : 0;
}

}  // namespace ipvs
