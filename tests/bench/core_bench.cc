// What the decision costs, without a kernel and without a server.
//   Full:   a complete store, an empty kernel; everything is decided.
//   Change: one endpoint goes and comes back, in a cluster of so many Services. A hundred of them
//           take turns whatever the number, so that it is the work that is compared and not the
//           processor's caches.
// Times are the thread's own, so that a busy machine does not count.
#include <benchmark/benchmark.h>

#include <ctime>
#include <vector>

#include "reconcile/reconciliation.h"
#include "tests/bench/big_cluster.h"

namespace {

using namespace std::chrono_literals;
using reconcile::Reconciliation;

constexpr auto kGrace = 60s;
constexpr std::uint32_t kChanging = 100;
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

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class Work>
void measure(benchmark::State& state, Work work) {
  const auto start = thread_seconds();
  work();
  state.SetIterationTime(thread_seconds() - start);
}

void Full(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    auto reconciliation = told(count);
    measure(state, [&] { benchmark::DoNotOptimize(reconciliation.decide(kNow)); });
  }
}
BENCHMARK(Full)->Arg(10'000)->UseManualTime()->Unit(benchmark::kMillisecond);

void Change(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  auto reconciliation = told(count);
  acknowledge(reconciliation, reconciliation.decide(kNow));
  std::uint32_t turn = 0;
  for (auto _ : state) {
    const auto ready = bench::kEndpoints - 1 + turn / kChanging % 2;
    auto slice = bench::slice(turn++ % kChanging * (count / kChanging), ready);
    reconcile::Plan plan;
    measure(state, [&] {
      reconciliation.changed(std::move(slice), kNow);
      plan = reconciliation.decide(kNow);
    });
    if (plan.size() != 1) state.SkipWithError("one endpoint must be one step");
    acknowledge(reconciliation, plan);
  }
}
BENCHMARK(Change)->Arg(100)->Arg(1'000)->Arg(10'000)->Arg(50'000)->UseManualTime()->Unit(
    benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
