// How fast the kernel door is, on this kernel: prints one line per measurement.
//   scripts/lab run --in node1 -- .../kernel_rates [services] [real servers for each]
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>

#include "ipvs/ipvs_codec.h"
#include "ipvs/kernel.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary

using Clock = std::chrono::steady_clock;

Address address(std::uint32_t base, std::uint32_t index) {
  return boost::asio::ip::make_address_v4(base + index);
}

VirtualServerId service(std::uint32_t index) {
  return {.address = address(0x0a600001, index), .protocol = Protocol::kTcp, .port = 80};
}

std::vector<Step> whole_table(std::uint32_t services, std::uint32_t reals) {
  std::vector<Step> steps;
  for (std::uint32_t i = 0; i < services; ++i) {
    steps.push_back(values::add(service(i)));
    for (std::uint32_t j = 0; j < reals; ++j) {
      steps.push_back(
          values::add(service(i), {.address = address(0x0af40001, i * reals + j), .port = 8080}));
    }
  }
  return steps;
}

std::vector<Step> address_steps(std::uint32_t services) {
  std::vector<Step> steps{CreateLink{}};
  for (std::uint32_t i = 0; i < services; ++i) steps.push_back(BindAddress{service(i).address});
  return steps;
}

std::vector<Step> element_steps(std::uint32_t services) {
  std::vector<Step> steps{InstallRules{}};
  for (std::uint32_t i = 0; i < services; ++i) {
    steps.push_back(AddElement{{.set = SetName::kServiceAddresses, .address = service(i).address}});
    steps.push_back(AddElement{values::service_port(service(i))});
  }
  return steps;
}

template <class Work>
void measure(const char* what, std::size_t count, Work work) {
  const auto start = Clock::now();
  work();
  const std::chrono::duration<double> taken = Clock::now() - start;
  fmt::print("{:<44} {:>8} in {:>8.3f} s, {:>9.0f}/s\n", what, count, taken.count(),
             static_cast<double>(count) / taken.count());
  std::fflush(stdout);
}

void write(Kernel& kernel, const std::vector<Step>& steps) {
  for (const Outcome& outcome : kernel.write(steps)) {
    if (outcome) {
      fmt::print(stderr, "{}\n", to_string(*outcome));
      std::exit(1);
    }
  }
}

void build(const std::vector<Step>& steps) {
  MessageBatch batch;
  for (const Step& step : steps) {
    if (batch.size() == 1024) batch.clear();
    put_step(batch, 0x20, step);
  }
}

void observe(Kernel& kernel) {
  const auto seen = kernel.observe();
  if (seen) return;
  fmt::print(stderr, "{}\n", to_string(seen.error()));
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const auto services = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 10000);
  const auto reals = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[2]) : 10);
  enter_new_network_namespace();
  const auto kernel = open_kernel();
  if (kernel == nullptr) return 77;

  const auto table = whole_table(services, reals);
  const auto addresses = address_steps(services);
  const auto elements = element_steps(services);
  measure("messages built, not sent", table.size(), [&] { build(table); });
  measure("virtual and real servers, pipelined", table.size(), [&] { write(*kernel, table); });
  measure("the same again, one write() each, 1,000 steps", 1000, [&] {
    for (std::uint32_t i = 0; i < 1000; ++i) {
      const std::vector<Step> step{EditVirtualServer{.id = service(i % services), .settings = {}}};
      write(*kernel, step);
    }
  });
  measure("addresses", addresses.size(), [&] { write(*kernel, addresses); });
  measure("rules and set elements", elements.size(), [&] { write(*kernel, elements); });
  measure("observe everything (entries of the table)", table.size(), [&] { observe(*kernel); });
}
