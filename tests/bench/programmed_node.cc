#include "tests/bench/programmed_node.h"

#include <fmt/core.h>

#include <cstdlib>

#include "reconcile/apply.h"
#include "tests/bench/big_cluster.h"
#include "tests/kernel/kernel_world.h"

namespace bench {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

std::unique_ptr<ipvs::NetlinkKernel> kernel_in_new_namespace() {
  enter_new_network_namespace();
  auto kernel = ipvs::NetlinkKernel::open();
  if (!kernel) give_up(ipvs::to_string(kernel.error()));
  return *std::move(kernel);
}

reconcile::Reconciliation told(std::uint32_t count) {
  reconcile::Reconciliation made(reconcile::NodeConfig{.name = kOwnNode}, 60s);
  made.replaced(services(count), Clock::now());
  made.replaced(slices(count), Clock::now());
  return made;
}

bool is_of_servers(const ipvs::Step& step) {
  return std::holds_alternative<ipvs::AddVirtualServer>(step) ||
         std::holds_alternative<ipvs::AddRealServer>(step);
}

}  // namespace

ProgrammedNode::ProgrammedNode(std::uint32_t services)
    : kernel_(kernel_in_new_namespace()), reconciliation_(told(services)) {}

std::size_t ProgrammedNode::audit() {
  const auto observation = kernel_->sweep();
  if (!observation) give_up(ipvs::to_string(observation.error()));
  reconciliation_.observed(*observation);
  return write();
}

void ProgrammedNode::tell(std::uint32_t service, std::uint32_t ready) {
  reconciliation_.changed(slice(service, ready), Clock::now());
}

std::size_t ProgrammedNode::write() {
  const auto written = reconcile::apply(reconciliation_.decide(Clock::now()), *kernel_);
  written_ = Clock::now();
  if (!reconciliation_.acknowledge(written.steps, written.outcomes, Clock::now())) {
    for (const auto& outcome : written.outcomes) {
      if (outcome) give_up(ipvs::to_string(*outcome));
    }
  }
  return written.steps.size();
}

std::vector<ipvs::Step> server_steps(std::uint32_t services) {
  auto reconciliation = told(services);
  reconciliation.observed({});
  auto steps = reconciliation.decide(Clock::now()).changes;
  std::erase_if(steps, [](const ipvs::Step& step) { return !is_of_servers(step); });
  return steps;
}

}  // namespace bench
