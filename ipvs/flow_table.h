// Conntrack's table, for forgetting the UDP flows to our services whose pod is gone.
//
// UDP alone: TCP and SCTP open connections anew, which conntrack and IPVS see. The table is read
// once for a run of steps, however many, and the flows are chosen here: it can have hundreds of
// thousands of entries. Truth: conntrack_codec.h. Thread: one at a time; blocks.
#pragma once

#include <span>
#include <vector>

#include "ipvs/conntrack_codec.h"
#include "ipvs/error.h"
#include "ipvs/kernel.h"
#include "ipvs/socket.h"

namespace ipvs {

class FlowTable {
 public:
  [[nodiscard]] static Result<FlowTable> open();

  // REQUIRES: ForgetFlows only; one outcome per step. A flow that ends meanwhile is as good as
  // forgotten.
  void write(std::span<const Step> steps, std::span<Outcome> outcomes);

 private:
  // A flow that is to be forgotten, and the step that says so.
  struct Stale {
    UdpFlow flow;
    std::size_t step = 0;
  };

  explicit FlowTable(Socket socket) : socket_(std::move(socket)) {}
  void write(std::uint8_t family, std::span<const Step> steps, std::span<Outcome> outcomes);
  [[nodiscard]] int read(std::uint8_t family, std::span<const Step> steps,
                         std::vector<Stale>& stale);
  void forget(std::span<const Stale> stale, std::span<const Step> steps,
              std::span<Outcome> outcomes);

  Socket socket_;
  MessageBatch batch_;
};

}  // namespace ipvs
