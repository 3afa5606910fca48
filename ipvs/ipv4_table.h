// The IPv4 part of the IPVS table through the socket options that IPVS had before netlink: one
// system call lists all virtual servers, one more each its real servers.
//
// A list is one moment's: the kernel fills it with the table locked, no entry is missed or shown
// twice. A call copies no more than it was given room for, whoever changes the table meanwhile
// (README.md). Left out: IPv6, the kind of a tunnel, the persistence engine. Truth:
// do_ip_vs_get_ctl() of net/netfilter/ipvs/ip_vs_ctl.c, linux/ip_vs.h. Needs CAP_NET_ADMIN. Thread:
// one at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ipvs/counters.h"

namespace ipvs {

// A virtual server of the list, and how many real servers it has, those of IPv6 included.
struct Ipv4VirtualServer {
  VirtualServerId id;
  std::uint32_t real_servers = 0;
};

class Ipv4Table {
 public:
  // Of the network namespace of the calling thread. A socket that cannot be opened answers each
  // reading with why.
  Ipv4Table();
  ~Ipv4Table();
  Ipv4Table(Ipv4Table&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), error_(other.error_) {}
  Ipv4Table(const Ipv4Table&) = delete;
  Ipv4Table& operator=(const Ipv4Table&) = delete;
  Ipv4Table& operator=(Ipv4Table&&) = delete;

  // All virtual servers of IPv4, firewall marks included. Returns 0, or an errno.
  [[nodiscard]] int read(std::vector<Ipv4VirtualServer>& servers);

  // The real servers of `parent` with an IPv4 address, without traffic: one more than
  // `parent.real_servers` at most, so that growth shows. Returns 0, or an errno; ESRCH: it does not
  // exist (any more).
  [[nodiscard]] int read(const Ipv4VirtualServer& parent, std::vector<ObservedRealServer>& servers);

 private:
  [[nodiscard]] int count(std::uint32_t& services);
  template <class Question, class Entry>
  [[nodiscard]] Question& ask(std::size_t room);
  [[nodiscard]] int get(int option);  // the answer replaces the question

  int descriptor_;
  int error_;
  std::vector<std::uint64_t> buffer_;  // of words: the question is aligned
  std::size_t question_size_ = 0;      // bytes
};

}  // namespace ipvs
