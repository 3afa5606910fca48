// What the decision costs, without a kernel and without a server.
//   Full:   a complete store, an empty kernel; everything is decided.
//   Change: one endpoint of one Service goes and comes back, in a cluster of `services`.
#include <benchmark/benchmark.h>

#include "reconcile/reconciliation.h"
#include "tests/bench/big_cluster.h"

namespace {

using namespace std::chrono_literals;
using reconcile::Reconciliation;
using Clock = std::chrono::steady_clock;

constexpr auto kGrace = 60s;
constexpr reconcile::TimePoint kNow{};

// A cluster of `count` Services that has been told, and a kernel that was empty when it was read.
Reconciliation told(std::uint32_t count) {
  Reconciliation made(reconcile::NodeConfig{.name = bench::kOwnNode}, kGrace);
  made.replaced(bench::services(count), kNow);
  made.replaced(bench::slices(count), kNow);
  made.observed({});
  return made;
}

void acknowledge(Reconciliation& reconciliation, const std::vector<ipvs::Step>& steps) {
  const std::vector<ipvs::Outcome> outcomes(steps.size());
  benchmark::DoNotOptimize(reconciliation.acknowledge(steps, outcomes, kNow));
}

void acknowledge(Reconciliation& reconciliation, const reconcile::Plan& plan) {
  acknowledge(reconciliation, plan.claims);
  acknowledge(reconciliation, plan.changes);
  acknowledge(reconciliation, plan.releases);
}

template <class Work>
void time(benchmark::State& state, Work work) {
  const auto start = Clock::now();
  work();
  state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
}

void Full(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    auto reconciliation = told(count);
    time(state, [&] { benchmark::DoNotOptimize(reconciliation.decide(kNow)); });
  }
}
BENCHMARK(Full)->Arg(10'000)->UseManualTime()->Unit(benchmark::kMillisecond);

void Change(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  auto reconciliation = told(count);
  acknowledge(reconciliation, reconciliation.decide(kNow));
  std::uint32_t turn = 0;
  for (auto _ : state) {
    // Each Service in turn loses its last endpoint; in the next round it comes back.
    const auto ready = bench::kEndpoints - 1 + turn / count % 2;
    auto slice = bench::slice(turn++ * 7919 % count, ready);
    reconcile::Plan plan;
    time(state, [&] {
      reconciliation.changed(std::move(slice), kNow);
      plan = reconciliation.decide(kNow);
    });
    if (plan.size() != 1) state.SkipWithError("one endpoint must be one step");
    acknowledge(reconciliation, plan);
  }
}
BENCHMARK(Change)->Arg(100)->Arg(1'000)->Arg(10'000)->Arg(50'000)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
