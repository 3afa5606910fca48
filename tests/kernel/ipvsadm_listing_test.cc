// Our listing beside the real ipvsadm's, byte for byte, on a real kernel: tables drawn at random in
// every mode, connections, time-outs, daemons. Many more tables: listing_comparison.
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/udp.hpp>

#include "ipvs/save_format.h"
#include "tests/ipvs/random_table.h"
#include "tests/kernel/beside_ipvsadm.h"
#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;  // NOLINT(google-build-using-namespace): a test's vocabulary

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

  void expect_same_texts() { EXPECT_EQ(differences_from_ipvsadm(), ""); }
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

// A datagram to the service makes an entry; nobody has to answer.
void send_datagram(const char* address, std::uint16_t port) {
  const boost::asio::ip::udp::endpoint to(boost::asio::ip::make_address(address), port);
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(sendto(descriptor, "x", 1, 0, to.data(), static_cast<socklen_t>(to.size())), 1);
  close(descriptor);
}

TEST_F(BesideIpvsadm, ConnectionsReadTheSame) {
  for (const char* address : {"10.0.0.1/32", "10.0.1.1/32"}) {
    std::ignore = output_of({"ip", "address", "add", address, "dev", "lo"});
  }
  auto table = parse_save_format(
      "-A -u 10.0.0.1:53 -s rr -p 300\n"
      "-a -u 10.0.0.1:53 -r 10.0.1.1:53 -m -w 1\n");
  ASSERT_TRUE(table.has_value());
  make(*table);
  send_datagram("10.0.0.1", 53);
  send_datagram("10.0.0.1", 53);
  // The remaining seconds tick between two readings: the same at some time is enough.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (const auto& mode : connection_modes()) {
    std::string difference = "not compared yet";
    while (!difference.empty() && std::chrono::steady_clock::now() < until) {
      difference = difference_from_ipvsadm(mode);
    }
    EXPECT_EQ(difference, "");
  }
}

TEST_F(BesideIpvsadm, TimeoutsAndDaemonsReadTheSame) {
  std::ignore = output_of({"ipvsadm", "--set", "100", "20", "30"});
  std::ignore = output_of({"ipvsadm", "--start-daemon", "backup", "--mcast-interface", "lo",
                           "--syncid", "7", "--mcast-group", "ff02::5", "--mcast-ttl", "3"});
  EXPECT_EQ(difference_from_ipvsadm({"-L", "--timeout"}), "");
  EXPECT_EQ(difference_from_ipvsadm({"-L", "--daemon"}), "");
  std::ignore = output_of({"ipvsadm", "--stop-daemon", "backup"});
  EXPECT_EQ(difference_from_ipvsadm({"-L", "--daemon"}), "");
}

TEST_F(BesideIpvsadm, OneVirtualServerReadsTheSameAndAnAbsentOneIsAnError) {
  make(RandomTable(9).draw(10));
  const auto table = observe().virtual_servers;
  for (const auto& server : table) {
    if (server.id.protocol != Protocol::kTcp) continue;
    const auto option = service_option(server.id);
    EXPECT_EQ(difference_from_ipvsadm({"-Ln", option.substr(0, 2), option.substr(3)}), "");
  }
  EXPECT_EQ(difference_from_ipvsadm({"-Ln", "-t", "203.0.113.1:1"}), "");
}

}  // namespace
