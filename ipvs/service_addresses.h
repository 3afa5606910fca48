// Makes and deletes the dummy interface kube-ipvs0 and the service addresses on it, over rtnetlink;
// node_addresses.h reads them.
//
// The interface is made NOARP and left down; the state of an existing one is never touched, because
// taking it down once would drop all its IPv6 addresses. The interface is looked up by name for
// every run of steps: somebody may have deleted it and made it anew, with another index. Truth:
// rtnetlink(7). Thread: one at a time; blocks.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ipvs/error.h"
#include "ipvs/kernel.h"
#include "ipvs/socket.h"

namespace ipvs {

inline constexpr std::string_view kServiceInterface = "kube-ipvs0";

class ServiceAddresses {
 public:
  [[nodiscard]] static Result<ServiceAddresses> open();

  // REQUIRES: CreateLink, BindAddress and UnbindAddress only; one outcome per step.
  void write(std::span<const Step> steps, std::span<Outcome> outcomes);

  // Deletes the interface with its addresses. None is no error.
  [[nodiscard]] Outcome remove_link();

  [[nodiscard]] SharedPort port() const { return socket_.port(); }

 private:
  explicit ServiceAddresses(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int create_link();
  // The interface's index; 0 when there is none; negative errno when that could not be found out.
  [[nodiscard]] int link_index();
  void write_addresses(std::span<const Step> steps, std::span<Outcome> outcomes);

  Socket socket_;
  MessageBatch batch_;
};

}  // namespace ipvs
