// ipvsadm's command line: what the real program, version 1.31, was seen to take and to refuse, with
// its messages and exit codes; and what `status` adds.
#include "reconcile/listing_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/values.h"

namespace reconcile {
namespace {

using ipvs::ListingFormat;
using ipvs::Protocol;
using testing::HasSubstr;
using Words = std::vector<std::string>;

std::optional<std::uint16_t> port_of(const std::string& name, Protocol) {
  return name == "http" ? std::optional<std::uint16_t>(80) : std::nullopt;
}

ListingRequest ipvsadm(const Words& words) {
  const auto request = parse_ipvsadm_arguments(words, port_of);
  EXPECT_TRUE(request) << request.error().text;
  return request.value_or(ListingRequest());
}

ListingRequest status(const Words& words) {
  const auto request = parse_status_arguments(words, port_of);
  EXPECT_TRUE(request) << request.error().text;
  return request.value_or(ListingRequest());
}

struct Refusal {
  Words words;
  int code;
  std::string text;
};

TEST(IpvsadmArguments, ListWithNamesUnlessNumeric) {
  EXPECT_FALSE(ipvsadm({}).numeric);
  EXPECT_FALSE(ipvsadm({"-L"}).numeric);
  for (const auto& words : std::vector<Words>{{"-Ln"}, {"-l", "-n"}, {"--list", "--numeric"}}) {
    EXPECT_TRUE(ipvsadm(words).numeric) << words.front();
    EXPECT_EQ(ipvsadm(words).subject, ListingSubject::kTable);
  }
}

TEST(IpvsadmArguments, ChooseTheSubject) {
  EXPECT_EQ(ipvsadm({"-Lcn"}).subject, ListingSubject::kConnections);
  EXPECT_EQ(ipvsadm({"-L", "--timeout", "--tun-info", "--nosort", "--exact"}).subject,
            ListingSubject::kTimeouts);
  EXPECT_EQ(ipvsadm({"-L", "--daemon", "-n"}).subject, ListingSubject::kDaemons);
  EXPECT_EQ(ipvsadm({"-Sn"}).subject, ListingSubject::kSaved);
  EXPECT_EQ(ipvsadm({"--save", "-n"}).subject, ListingSubject::kSaved);
  EXPECT_TRUE(ipvsadm({"-L", "-c", "--persistent-conn"}).persistence_engine);
}

TEST(IpvsadmArguments, ChooseTheColumnsByIpvsadmsPriority) {
  EXPECT_EQ(ipvsadm({"-Ln", "--rate", "--stats"}).format, ListingFormat::kStats);
  EXPECT_EQ(ipvsadm({"-Ln", "--thresholds", "--rate"}).format, ListingFormat::kRate);
  EXPECT_EQ(ipvsadm({"-Ln", "--persistent-conn", "--thresholds"}).format,
            ListingFormat::kThresholds);
  EXPECT_EQ(ipvsadm({"-Ln", "--tun-info", "--persistent-conn"}).format,
            ListingFormat::kPersistentConnections);
  EXPECT_EQ(ipvsadm({"-Ln", "--tun-info"}).format, ListingFormat::kTunnelInfo);
  EXPECT_TRUE(ipvsadm({"-LnX", "--stats"}).exact);
  EXPECT_FALSE(ipvsadm({"-Ln", "--nosort"}).sorted);
  EXPECT_TRUE(ipvsadm({"-Ln", "--sort", "--syncid", "3"}).sorted);
}

TEST(IpvsadmArguments, NameOneVirtualServer) {
  EXPECT_EQ(ipvsadm({"-Ln", "-t", "10.0.0.1:80"}).only, values::tcp("10.0.0.1", 80));
  EXPECT_EQ(ipvsadm({"-L", "-t10.0.0.1:http", "-n"}).only, values::tcp("10.0.0.1", 80));
  EXPECT_EQ(ipvsadm({"-Ln", "--udp-service=10.0.0.1:53"}).only, values::udp("10.0.0.1", 53));
  EXPECT_EQ(ipvsadm({"-Ln", "--sctp-service", "10.0.0.1:99"}).only, values::sctp("10.0.0.1", 99));
  EXPECT_EQ(ipvsadm({"-Ln", "-t", "[fd00::1]:443"}).only, values::tcp("fd00::1", 443));
  EXPECT_EQ(ipvsadm({"-Ln", "-t", "fd00::1:443"}).only, values::tcp("fd00::1:443", 0));
  EXPECT_EQ(ipvsadm({"-Ln", "-t", "10.0.0.1"}).only, values::tcp("10.0.0.1", 0));
  EXPECT_EQ(ipvsadm({"-Ln", "-f", "7"}).only, values::mark(7));
  EXPECT_EQ(ipvsadm({"-Ln", "-f", "7", "-6"}).only, values::mark(7, "::"));
}

TEST(IpvsadmArguments, AreRefusedAsIpvsadmRefusesThem) {
  const std::string help = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";
  const std::string table = "options conflicts in the list command\n";
  const auto conflict = [](const std::string& a, const std::string& b) {
    return "The option '" + a + "' conflicts with the '" + b + "' option in the 'list' command\n";
  };
  const auto illegal = [](const std::string& option, const std::string& command) {
    return "Illegal '" + option + "' option with the '" + command + "' command\n";
  };
  const std::vector<Refusal> refusals = {
      {{"-nL"}, 255, help},
      {{"-n", "-L"}, 255, help},
      {{"-n"}, 255, help},
      {{"foo"}, 255, help},
      {{"--foo"}, 255, help},
      {{"-q"}, 255, help},
      {{"-Lq"}, 255, "-Lq: unknown option\n"},
      {{"-L", "--fo"}, 255, "--fo: unknown option\n"},
      {{"-L", "--num"}, 255, "--num: unknown option\n"},
      {{"-L", "-n", "-t"}, 255, "-t: missing argument\n"},
      {{"-Ln", "--timeout=5"}, 255, "--timeout=5: option does not take an argument\n"},
      {{"-L", "-n", "-n"}, 2, "multiple 'numeric' options specified\n"},
      {{"-Lnn"}, 2, "multiple 'numeric' options specified\n"},
      {{"-Ln", "--stats", "--stats"}, 2, "multiple 'stats' options specified\n"},
      {{"-Ln", "-t", "10.0.0.1:80", "-u", "10.0.0.1:53"},
       2,
       "multiple 'service-address' options specified\n"},
      {{"-Ln", "-6", "-f", "7"}, 2, "-6 used before -f\n\n"},
      {{"-Ln", "-6"}, 2, "-6 used before -f\n\n"},
      {{"-Ln", "-f", "0"}, 2, "invalid fwmark value `0' specified\n"},
      {{"-Ln", "-f", "x"}, 2, "invalid fwmark value `x' specified\n"},
      {{"-Ln", "-t", "foo"}, 2, "illegal virtual server address[:port] specified\n"},
      {{"-L", "--timeout", "-c"}, 2, conflict("timeout", "connection")},
      {{"-L", "-c", "--timeout"}, 2, conflict("timeout", "connection")},
      {{"-L", "--daemon", "--timeout"}, 2, conflict("daemon", "timeout")},
      {{"-L", "-t", "10.0.0.1:80", "-c"}, 2, conflict("service-address", "connection")},
      {{"-L", "--timeout", "-t", "10.0.0.1:80"}, 2, conflict("timeout", "service-address")},
      {{"-L", "--daemon", "-t", "10.0.0.1:80"}, 2, conflict("daemon", "service-address")},
      {{"-L", "-c", "--stats"}, 2, table},
      {{"-L", "-c", "--thresholds"}, 2, table},
      {{"-L", "--timeout", "--rate"}, 2, table},
      {{"-L", "--timeout", "--persistent-conn"}, 2, table},
      {{"-L", "--daemon", "--persistent-conn"}, 2, table},
      {{"-Ln", "-s", "rr"}, 2, illegal("scheduler", "list")},
      {{"-Ln", "-w", "1"}, 2, illegal("weight", "list")},
      {{"-Ln", "-p"}, 2, illegal("persistent", "list")},
      {{"-Ln", "-p", "300"}, 2, illegal("persistent", "list")},
      {{"-Ln", "-o"}, 2, illegal("ops", "list")},
      {{"-Ln", "--pe", "sip"}, 2, illegal("pe", "list")},
      {{"-Ln", "-r", "10.0.1.1:80"}, 2, illegal("real-server", "list")},
      {{"-Ln", "-m"}, 2, illegal("forwarding-method", "list")},
      {{"-Ln", "-M", "255.0.0.0"}, 2, illegal("netmask", "list")},
      {{"-Ln", "-x", "5"}, 2, illegal("u-threshold", "list")},
      {{"-Ln", "--mcast-interface", "eth0"}, 2, illegal("mcast-interface", "list")},
      {{"-Ln", "--tun-type", "gue"}, 2, illegal("tun-type", "list")},
      {{"-S", "--stats"}, 2, illegal("stats", "save")},
      {{"-Sn", "-t", "10.0.0.1:80"}, 2, illegal("service-address", "save")},
      {{"-S", "-X"}, 2, illegal("exact", "save")},
      {{"-S", "--nosort"}, 2, illegal("nosort", "save")},
      {{"-Ln", "foo"}, 2, "unexpected argument foo\n"},
      {{"-Ln", "-Z"}, 2, "invalid option `-Z'\n"},
      {{"-Ln", "-L"}, 2, "invalid option `-L'\n"},
      {{"-L", "--set", "1", "2", "3"}, 2, "invalid option `--set'\n"},
  };
  for (const auto& [words, code, text] : refusals) {
    const auto request = parse_ipvsadm_arguments(words, port_of);
    ASSERT_FALSE(request) << testing::PrintToString(words);
    EXPECT_EQ(request.error().code, code) << testing::PrintToString(words);
    EXPECT_EQ(request.error().text, text) << testing::PrintToString(words);
  }
}

TEST(IpvsadmArguments, NeverChangeTheTable) {
  for (const auto& words : std::vector<Words>{{"-A", "-t", "10.0.0.1:80"}, {"--clear"}, {"-Z"}}) {
    const auto request = parse_ipvsadm_arguments(words);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, 2);
    EXPECT_THAT(request.error().text, HasSubstr("kube-ipvs only lists: '" + words.front() + "'"));
  }
}

TEST(StatusArguments, AreNumericUnlessIpvsadmsCommandIsGiven) {
  EXPECT_TRUE(status({}).numeric);
  EXPECT_TRUE(status({"--stats"}).numeric);
  EXPECT_TRUE(status({"-Ln"}).numeric);
  EXPECT_FALSE(status({"-L"}).numeric);
  EXPECT_EQ(status({"-nc"}).subject, ListingSubject::kConnections);
  EXPECT_EQ(status({"-Sn"}).subject, ListingSubject::kSaved);
}

TEST(StatusArguments, HaveMoreThanIpvsadms) {
  EXPECT_EQ(status({"-o", "json"}).output, ListingOutput::kJson);
  EXPECT_EQ(status({"--output=yaml"}).output, ListingOutput::kYaml);
  EXPECT_TRUE(status({"-o", "wide"}).names);
  EXPECT_TRUE(status({"--names", "--foreign", "-w"}).watch);
  EXPECT_THAT(parse_status_arguments({"-o", "xml"}).error().text, HasSubstr("wide, json and yaml"));
  EXPECT_THAT(parse_status_arguments({"--statz"}).error().text,
              HasSubstr("Did you mean --stats? See 'kube-ipvs status --help'."));
}

}  // namespace
}  // namespace reconcile
