#include "reconcile/plan_script.h"

#include <gmock/gmock.h>

#include "builders.h"

namespace reconcile::test {
namespace {

using testing::HasSubstr;

TEST(PlanScript, IsEmptyForAnEmptyPlan) { EXPECT_EQ(to_script(Plan{}, {}), ""); }

TEST(PlanScript, GivesTheLinesOfServersToIpvsadmInTheOrderOfThePlan) {
  Plan plan;
  plan.settings = {ipvs::WriteSysctl{"net/ipv4/vs/conntrack", "1"}};
  plan.claims = {ipvs::CreateLink{}};
  plan.changes = {ipvs::AddVirtualServer{tcp("10.96.0.1", 80), {}},
                  ipvs::AddRealServer{tcp("10.96.0.1", 80), real("10.0.0.1", 8080), {}},
                  ipvs::BindAddress{ip("10.96.0.1")},
                  ipvs::DeleteVirtualServer{tcp("10.96.0.2", 80)}};
  plan.releases = {ipvs::UnbindAddress{ip("10.96.0.2")}};
  EXPECT_EQ(to_script(plan, {}),
            "sysctl -w net/ipv4/vs/conntrack=1\n"
            "ip link add kube-ipvs0 arp off type dummy\n"
            "ipvsadm -R <<'END'\n"
            "-A -t 10.96.0.1:80 -s rr\n"
            "-a -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 1\n"
            "END\n"
            "ip addr add 10.96.0.1/32 dev kube-ipvs0\n"
            "ipvsadm -R <<'END'\n"
            "-D -t 10.96.0.2:80\n"
            "END\n"
            "ip addr del 10.96.0.2/32 dev kube-ipvs0\n");
}

TEST(PlanScript, ShowsTheWholeTableWhereItIsInstalled) {
  Plan plan;
  plan.claims = {ipvs::InstallRules{}};
  const auto script = to_script(plan, {});
  EXPECT_THAT(script, HasSubstr("nft -f - <<'END'\n" + ipvs::to_nft_text({}) + "END\n"));
}

}  // namespace
}  // namespace reconcile::test
