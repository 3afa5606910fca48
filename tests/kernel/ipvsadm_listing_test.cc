// Our listing beside the real ipvsadm's, byte for byte, over tables drawn at random and written to
// a real kernel: every mode, sorted and not, and the save format.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "ipvs/listing.h"
#include "ipvs/save_format.h"
#include "tests/ipvs/random_table.h"
#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary

struct Mode {
  std::vector<std::string> arguments;
  ListingOptions options;
};

std::vector<Mode> modes() {
  return {{{"-L", "-n"}, {}},
          {{"-L", "-n", "--nosort"}, {.sorted = false}},
          {{"-L", "-n", "--stats"}, {.format = ListingFormat::kStats}},
          {{"-L", "-n", "--stats", "--exact"}, {.format = ListingFormat::kStats, .exact = true}},
          {{"-L", "-n", "--rate"}, {.format = ListingFormat::kRate}},
          {{"-L", "-n", "--thresholds"}, {.format = ListingFormat::kThresholds}},
          {{"-L", "-n", "--persistent-conn"}, {.format = ListingFormat::kPersistentConnections}},
          {{"-L", "-n", "--tun-info"}, {.format = ListingFormat::kTunnelInfo}}};
}

std::string ipvsadm(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ipvsadm");
  return output_of(arguments);
}

// The first line in which two texts differ: a whole table in a failure message helps nobody.
std::string first_difference(const std::string& ours, const std::string& theirs) {
  std::istringstream left(ours);
  std::istringstream right(theirs);
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool has_a = static_cast<bool>(std::getline(left, a));
    const bool has_b = static_cast<bool>(std::getline(right, b));
    if (!has_a && !has_b) return {};
    if (has_a && has_b && a == b) continue;
    return "line " + std::to_string(line) + "\nours:   [" + (has_a ? a : "<end>") + "]\ntheirs: [" +
           (has_b ? b : "<end>") + "]";
  }
}

class BesideIpvsadm : public KernelWorld {
 protected:
  void make(const std::vector<ObservedVirtualServer>& table) {
    const std::vector<Step> steps = steps_to_make(table);
    const auto outcomes = kernel_->write(steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      ASSERT_FALSE(outcomes[i].has_value())
          << to_string(steps[i]) << ": " << to_string(*outcomes[i]);
    }
  }

  // With its own kernel's answers in every mode.
  void expect_same_texts() {
    const Observation seen = observe();
    for (const Mode& mode : modes()) {
      SCOPED_TRACE(testing::PrintToString(mode.arguments));
      const std::string theirs = ipvsadm(mode.arguments);
      const std::string ours = listing(seen.info, seen.virtual_servers, mode.options);
      EXPECT_TRUE(ours == theirs) << first_difference(ours, theirs);
    }
    const std::string saved = ipvsadm({"-S", "-n"});
    const std::string ours = to_save_format(seen.virtual_servers);
    EXPECT_TRUE(ours == saved) << first_difference(ours, saved);
  }
};

TEST_F(BesideIpvsadm, AnEmptyTableReadsTheSame) { expect_same_texts(); }

TEST_F(BesideIpvsadm, ATableOfSeveralHundredReadsTheSame) {
  const auto table = RandomTable(1).draw(600);
  ASSERT_GT(table.size(), 400U);
  make(table);
  expect_same_texts();
}

TEST_F(BesideIpvsadm, ManyRandomTablesReadTheSame) {
  for (std::uint64_t seed = 2; seed < 8 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SetUp();
    make(RandomTable(seed).draw(40));
    expect_same_texts();
  }
}

TEST_F(BesideIpvsadm, WhatTheFormatsTreatSpeciallyReadsTheSame) {
  auto table = parse_save_format(
      "-A -t 10.0.0.1:80 -s rr\n"
      "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum\n"
      "-a -t 10.0.0.1:80 -r 10.0.1.2:80 -i -w 1 --tun-type gre --tun-nocsum\n"
      "-a -t 10.0.0.1:80 -r 10.0.1.3:80 -m -w 2147483647 -x 20 -y 10\n"
      "-A -t [fd00::1]:80 -s rr\n"
      "-a -t [fd00::1]:80 -r [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -m -w 1\n"
      "-A -f 4294967295 -6 -s rr\n"
      "-A -f 2147483648 -s rr -p 300 -M 255.0.0.0\n");
  ASSERT_TRUE(table.has_value());
  make(*table);
  VirtualServer nameless_flag;
  nameless_flag.scheduler = "sh";
  nameless_flag.flags = VirtualServerFlag::kScheduler3;
  RealServer local;
  local.forward = Forward::kLocal;
  EXPECT_EQ(
      write_all(
          {values::add(values::tcp("10.0.0.1", 80), values::real_server("10.0.1.4", 80), local),
           AddVirtualServer{.id = values::tcp("10.0.0.3", 80), .settings = nameless_flag},
           values::add(values::virtual_server(Protocol(1), "10.0.0.2", 0))}),
      (std::vector{0, 0, 0}));
  expect_same_texts();
}

}  // namespace
