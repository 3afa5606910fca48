// kube-ipvs0 and its addresses, with ip(8) as the witness.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

class ServiceAddressesTest : public KernelWorld {};

std::string shown() { return output_of({"ip", "addr", "show", "dev", "kube-ipvs0"}); }

TEST_F(ServiceAddressesTest, MakesADummyWithoutArpThatStaysDown) {
  EXPECT_EQ(write(CreateLink{}), 0);
  const std::string link = output_of({"ip", "-details", "link", "show", "kube-ipvs0"});
  EXPECT_THAT(link, HasSubstr("dummy"));
  EXPECT_THAT(link, HasSubstr("NOARP"));
  EXPECT_THAT(link, HasSubstr("state DOWN"));
}

TEST_F(ServiceAddressesTest, BindsHostAddressesThatCanBeUsedAtOnce) {
  EXPECT_EQ(
      write_all({CreateLink{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("fd00:10:96::1")}}),
      (std::vector{0, 0, 0}));
  EXPECT_THAT(shown(), HasSubstr("inet 10.96.0.1/32 scope global"));
  EXPECT_THAT(shown(), HasSubstr("inet6 fd00:10:96::1/128 scope global"));
  EXPECT_THAT(shown(), Not(HasSubstr("tentative")));
  EXPECT_THAT(output_of({"ip", "route", "get", "10.96.0.1"}), HasSubstr("local 10.96.0.1 dev lo"));
  EXPECT_THAT(output_of({"ip", "route", "get", "fd00:10:96::1"}), HasSubstr("local fd00:10:96::1"));
}

TEST_F(ServiceAddressesTest, LeavesTheStateOfAnExistingLinkAlone) {
  output_of({"ip", "link", "add", "kube-ipvs0", "type", "dummy"});
  output_of({"ip", "link", "set", "kube-ipvs0", "up"});
  EXPECT_EQ(write(CreateLink{}), EEXIST);
  EXPECT_EQ(write(BindAddress{ip("fd00:10:96::1")}), 0);
  EXPECT_THAT(shown(), HasSubstr(",UP"));
}

TEST_F(ServiceAddressesTest, SeesForeignAddressesOfItsLinkButNoLinkLocalOnes) {
  output_of({"ip", "link", "add", "kube-ipvs0", "type", "dummy"});
  output_of({"ip", "link", "set", "kube-ipvs0", "up"});
  output_of({"ip", "addr", "add", "192.0.2.7/32", "dev", "kube-ipvs0"});
  output_of({"ip", "addr", "add", "fe80::7/64", "dev", "kube-ipvs0", "nodad"});
  output_of({"ip", "addr", "add", "192.0.2.8/32", "dev", "lo"});
  EXPECT_THAT(observe().bound, UnorderedElementsAre(ip("192.0.2.7")));
}

TEST_F(ServiceAddressesTest, FollowsALinkThatWasDeletedAndMadeAnew) {
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{ip("10.96.0.1")}}), (std::vector{0, 0}));
  output_of({"ip", "link", "del", "kube-ipvs0"});
  EXPECT_FALSE(observe().link_present);
  EXPECT_TRUE(observe().bound.empty());
  output_of({"ip", "link", "add", "another", "type", "dummy"});  // takes an index
  EXPECT_EQ(write_all({CreateLink{}, BindAddress{ip("10.96.0.2")}}), (std::vector{0, 0}));
  EXPECT_THAT(observe().bound, UnorderedElementsAre(ip("10.96.0.2")));
}

TEST_F(ServiceAddressesTest, BindsAThousandAddressesInOneGo) {
  std::vector<Step> steps{CreateLink{}};
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    steps.push_back(BindAddress{boost::asio::ip::make_address_v4(0x0a600000 + i)});
  }
  EXPECT_EQ(write_all(steps), std::vector<int>(1001, 0));
  EXPECT_EQ(observe().bound.size(), 1000U);
}

TEST_F(ServiceAddressesTest, NamesTheRemedyWhereTheLinkIsMissing) {
  const std::vector<Step> steps{BindAddress{ip("10.96.0.1")}};
  const auto outcome = kernel_->write(steps).front();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->code, ENODEV);
  EXPECT_THAT(to_string(*outcome), HasSubstr("cannot bind address 10.96.0.1"));
  EXPECT_THAT(outcome->remedy, HasSubstr("kube-ipvs0"));
}

}  // namespace
