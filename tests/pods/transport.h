// The three transports of a Service's port, by the names that the API has for them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

namespace pods {

struct Transport {
  int type;
  int protocol;  // 0: what the type stands for
};

// Throws std::runtime_error where the name is none of TCP, UDP, SCTP.
inline Transport transport_named(const std::string& name) {
  if (name == "TCP") return {.type = SOCK_STREAM, .protocol = 0};
  if (name == "UDP") return {.type = SOCK_DGRAM, .protocol = 0};
  if (name == "SCTP") return {.type = SOCK_STREAM, .protocol = IPPROTO_SCTP};
  throw std::runtime_error(name + " is no transport: it is TCP, UDP or SCTP");
}

}  // namespace pods
