// Each class of trouble at the kernel door says what, why and what to do.
#include "ipvs/kernel_errors.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)
using testing::HasSubstr;

TEST(KernelErrors, WithoutIpvsInTheKernelTheModuleIsNamed) {
  const std::string text = to_string(open_error(KernelDoor::kIpvs, ENOENT));
  EXPECT_THAT(text, HasSubstr("cannot open IPVS"));
  EXPECT_THAT(text, HasSubstr("modprobe ip_vs"));
  EXPECT_THAT(text, HasSubstr("CONFIG_IP_VS"));
}

TEST(KernelErrors, WithoutNftablesInTheKernelTheModuleIsNamed) {
  const std::string text = to_string(open_error(KernelDoor::kRules, EINVAL));
  EXPECT_THAT(text, HasSubstr("cannot open nftables"));
  EXPECT_THAT(text, HasSubstr("nf_tables"));
}

TEST(KernelErrors, WithoutThePrivilegeTheCapabilityIsNamed) {
  for (const auto door : {KernelDoor::kIpvs, KernelDoor::kAddresses, KernelDoor::kRules}) {
    EXPECT_THAT(to_string(open_error(door, EPERM)), HasSubstr("CAP_NET_ADMIN"));
  }
}

TEST(KernelErrors, AnUnknownSchedulerIsNamedWithItsModule) {
  auto step = AddVirtualServer{tcp("10.96.0.1", 80), {}};
  step.settings.scheduler = "fastest";
  const std::string text = to_string(step_error(step, ENOENT));
  EXPECT_THAT(text, HasSubstr("cannot add virtual server TCP 10.96.0.1:80"));
  EXPECT_THAT(text, HasSubstr("ip_vs_fastest"));
}

TEST(KernelErrors, AMissingLinkIsNamed) {
  EXPECT_THAT(to_string(step_error(BindAddress{ip("10.96.0.1")}, ENODEV)), HasSubstr("kube-ipvs0"));
}

TEST(KernelErrors, DisabledIpv6IsSuspectedWhereAnAddressIsForbidden) {
  EXPECT_THAT(to_string(step_error(BindAddress{ip("fd00::1")}, EACCES)), HasSubstr("disable_ipv6"));
}

TEST(KernelErrors, ALostAnswerSaysThatTheOutcomeIsUnknown) {
  for (const int code : {ENOBUFS, ETIMEDOUT}) {
    EXPECT_THAT(to_string(step_error(CreateLink{}, code)), HasSubstr("may have been done or not"));
  }
}

TEST(KernelErrors, AnAnswerThatIsNoTroubleGetsNoRemedy) {
  EXPECT_EQ(step_error(CreateLink{}, EEXIST).remedy, "");
}

}  // namespace
