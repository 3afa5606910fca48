// Changes in a big cluster, from the object to the kernel's acknowledgement: one by one, and a
// thousand a second. The decision and the kernel door are the agent's; the API server is left out.
// Needs a kernel with IPVS and root; scripts/bench runs it in the lab.
//   change_bench [services] [seconds of churn]
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "reconcile/process_memory.h"
#include "tests/bench/big_cluster.h"
#include "tests/bench/print_figure.h"
#include "tests/bench/programmed_node.h"

namespace {

using namespace std::chrono_literals;
using bench::Clock;
using bench::print_figure;
using bench::print_value;
using bench::ProgrammedNode;
using bench::Reach;

constexpr std::uint32_t kChanges = 1'000;
constexpr auto kBetweenUpdates = 1ms;

double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

double resident_mebibytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * 4096 / (1 << 20);
}

// Each Service in turn loses an endpoint; in the next round it comes back.
class Updates {
 public:
  Updates(ProgrammedNode& node, std::uint32_t services) : node_(node), services_(services) {}
  void tell_next() {
    const auto ready = bench::kEndpoints - 1 + turn_ / services_ % 2;
    node_.tell(turn_++ % services_, ready);
  }

 private:
  ProgrammedNode& node_;
  std::uint32_t services_;
  std::uint32_t turn_ = 0;
};

void measure_latency(ProgrammedNode& node, std::uint32_t services) {
  Updates updates(node, std::min(services, kChanges / 2));
  std::vector<double> milliseconds;
  for (std::uint32_t i = 0; i < kChanges; ++i) {
    milliseconds.push_back(1e3 * bench::seconds([&] {
                             updates.tell_next();
                             node.write();
                           }));
  }
  const auto p50 = quantile(milliseconds, 0.5);
  const auto p99 = quantile(milliseconds, 0.99);
  print_value("change.latency.p50", p50, "ms");
  print_value("change.latency.p99", p99, "ms");
  print_figure("change.latency", p99 / p50, "times", Reach::kAtMost, 5, "p99 against p50");
}

void measure_churn(ProgrammedNode& node, std::uint32_t services, std::chrono::seconds length) {
  Updates updates(node, services);
  // Its memory is there before the first update, and so in no growth.
  std::vector<double> lags(static_cast<std::size_t>(length / kBetweenUpdates));
  const auto before = resident_mebibytes();
  const auto start = Clock::now();
  for (std::size_t next = 0; next < lags.size();) {
    const auto due = static_cast<std::size_t>((Clock::now() - start) / kBetweenUpdates) + 1;
    const auto first = next;
    for (; next < std::min(due, lags.size()); ++next) updates.tell_next();
    if (next > first) node.write();
    const auto done = Clock::now();
    for (auto i = first; i < next; ++i) {
      const auto event = start + i * kBetweenUpdates;
      lags[i] = std::chrono::duration<double, std::milli>(done - event).count();
    }
    std::this_thread::sleep_until(start + next * kBetweenUpdates);
  }
  const auto growth = resident_mebibytes() - before;
  print_value("churn.p50", quantile(lags, 0.5), "ms");
  print_figure("churn", quantile(lags, 0.99), "ms", Reach::kAtMost, 250,
               fmt::format("p99 of the lag, {} s of 1,000 updates a second", length.count()));
  print_figure("churn.memory", growth, "MiB", Reach::kAtMost, 8, "growth");
}

}  // namespace

int main(int argc, char** argv) {
  const auto services = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 10'000);
  const std::chrono::seconds length(argc > 2 ? std::atoi(argv[2]) : 600);
  reconcile::settle_memory();
  ProgrammedNode node(services);
  node.audit();
  reconcile::trim_heap();  // as the agent does
  print_value("node.rss", resident_mebibytes(), "MiB", "store, decision and kernel's picture");
  measure_latency(node, services);
  measure_churn(node, services, length);
}
