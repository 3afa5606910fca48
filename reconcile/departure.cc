#include "reconcile/departure.h"

#include <chrono>

#include "reconcile/plan.h"

namespace reconcile {

std::vector<ipvs::Step> departure(const ipvs::Observation& observation) {
  ObservedState observed;
  observed.replace(observation);
  auto scope = observed.everything_ours();
  scope.tidy();
  auto made = plan(scope, DesiredState(), observed, Drains(std::chrono::milliseconds(0)), {});
  auto& steps = made.changes;  // the claims would only install what is to go
  steps.insert(steps.end(), made.releases.begin(), made.releases.end());
  return steps;
}

}  // namespace reconcile
