// Tables at random, for round trips and for comparing our listing with the real ipvsadm's: every
// protocol, both families, marks, persistence with masks, scheduler flags, weights, addresses on
// both sides of the sign bit.
//
// Only what the kernel takes is drawn, so that each table can also be written to a real one. The
// same seed gives the same table. Plain values.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ipvs/counters.h"
#include "ipvs/step.h"

class RandomTable {
 public:
  explicit RandomTable(std::uint64_t seed) : random_(seed) {}

  // Up to `size` virtual servers (fewer where the draw repeats itself), each with up to nine real
  // ones.
  [[nodiscard]] std::vector<ipvs::ObservedVirtualServer> draw(int size);

 private:
  [[nodiscard]] std::uint32_t below(std::uint32_t limit);
  [[nodiscard]] bool one_in(std::uint32_t n) { return below(n) == 0; }
  [[nodiscard]] ipvs::Address address(bool is_v6);
  [[nodiscard]] ipvs::VirtualServerId id();
  [[nodiscard]] ipvs::VirtualServer settings(const ipvs::Address& address);
  [[nodiscard]] ipvs::RealServer real_settings();
  void add_real_servers(ipvs::ObservedVirtualServer& parent);

  std::mt19937_64 random_;
};

// The steps that make `table` in an empty kernel, in the table's order.
[[nodiscard]] std::vector<ipvs::Step> steps_to_make(
    const std::vector<ipvs::ObservedVirtualServer>& table);
