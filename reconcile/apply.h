// Carries a plan out. The only place where a decision meets the kernel door.
#pragma once

#include <span>
#include <vector>

#include "ipvs/kernel.h"
#include "reconcile/plan.h"

namespace reconcile {

// What was written, and what became of each step. Steps that were held back are not in it.
struct Report {
  std::vector<ipvs::Step> steps;
  std::vector<ipvs::Outcome> outcomes;
};

// Settings, claims, then changes, then releases. A failed step never stops the rest, but one for
// its own address or port: what could not be claimed, or restricted, is not announced, an address
// whose virtual server could not be removed is not released. Else a kill could leave a virtual
// server behind that nothing says is ours, or a port would answer to those it should not. Blocks;
// kernel thread.
[[nodiscard]] Report apply(Plan plan, ipvs::Kernel& kernel);

// `changes` without the steps that would announce an address or a port of which a claim failed.
// Virtual servers that exist already are still edited. Pure.
[[nodiscard]] std::vector<ipvs::Step> announceable(std::vector<ipvs::Step> changes,
                                                   std::span<const ipvs::Step> claims,
                                                   std::span<const ipvs::Outcome> outcomes);

// `releases` without those of an address that still has a virtual server of ours, or could not be
// claimed otherwise, by what of the claims and changes was `written`. Pure.
[[nodiscard]] std::vector<ipvs::Step> releasable(std::vector<ipvs::Step> releases,
                                                 std::span<const ipvs::Step> written,
                                                 std::span<const ipvs::Outcome> outcomes);

}  // namespace reconcile
