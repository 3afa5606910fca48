// listing_comparison SEED TABLES: draws that many tables at random, writes each to this kernel, and
// compares our listing with the real ipvsadm's in every mode. Prints what it did; ends with 1 at
// the first difference. By itself: before Linux 7.1 whoever writes in another network namespace
// makes gaps in dumps, ours and ipvsadm's.
//
//   scripts/lab run --in node1 --timeout 1200 -- $PWD/build/release/tests/kernel/listing_comparison
//   1 1000
#include <cstdio>
#include <cstdlib>

#include "ipvs/netlink_kernel.h"
#include "tests/ipvs/random_table.h"
#include "tests/kernel/beside_ipvsadm.h"
#include "tests/kernel/kernel_world.h"

namespace {

constexpr int kLargest = 12;  // virtual servers; sorting needs a few, ipvsadm's start is what costs

bool write_all(ipvs::Kernel& kernel, const std::vector<ipvs::Step>& steps) {
  for (const auto& outcome : kernel.write(steps)) {
    if (!outcome) continue;
    std::printf("%s\n", to_string(*outcome).c_str());
    return false;
  }
  return true;
}

std::vector<ipvs::Step> steps_to_remove(const std::vector<ipvs::ObservedVirtualServer>& table) {
  std::vector<ipvs::Step> steps;
  for (const auto& server : table) steps.emplace_back(ipvs::DeleteVirtualServer{server.id});
  return steps;
}

// Empty: the same in every mode.
std::string compare(ipvs::Kernel& kernel, std::uint64_t seed) {
  const auto table = RandomTable(seed).draw(static_cast<int>(seed % kLargest));
  if (!write_all(kernel, steps_to_make(table))) return "the table cannot be written";
  auto difference = differences_from_ipvsadm();
  if (!write_all(kernel, steps_to_remove(table))) return "the table cannot be removed";
  return difference;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: listing_comparison SEED TABLES\n"), 2;
  const auto first = std::strtoull(argv[1], nullptr, 10);
  const auto count = std::strtoull(argv[2], nullptr, 10);
  enter_new_network_namespace();
  const auto kernel = open_kernel();
  if (kernel == nullptr) return 77;
  for (auto seed = first; seed < first + count; ++seed) {
    const auto difference = compare(*kernel, seed);
    if (difference.empty()) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), difference.c_str());
    return 1;
  }
  std::printf("%llu tables in %zu modes each: the same bytes and exit codes as ipvsadm\n",
              static_cast<unsigned long long>(count), table_modes().size());
  return 0;
}
