// The addresses of TrafficWorld in one address family: the parameter of the traffic tests.
#pragma once

#include <array>
#include <ostream>
#include <string>

struct Family {
  std::string name;
  std::string service;
  std::string balancer;  // a load balancer's address
  std::string pod1;
  std::string pod2;
  std::string node;     // its address towards the pods
  std::string outside;  // its address towards the client
  std::string client;
  std::string pods;  // the range of both, with a prefix of `pods_prefix`
  std::uint8_t pods_prefix;
};

inline std::ostream& operator<<(std::ostream& out, const Family& family) {
  return out << family.name;
}

inline const std::array kFamilies{
    Family{"IPv4", "10.96.0.1", "203.0.113.9", "10.244.1.11", "10.244.1.12", "10.244.1.1",
           "192.168.50.11", "192.168.50.100", "10.244.0.0", 16},
    Family{"IPv6", "fd00:10:96::1", "2001:db8::9", "fd00:10:244:1::11", "fd00:10:244:1::12",
           "fd00:10:244:1::1", "fd00:50::11", "fd00:50::100", "fd00:10:244::", 48}};
