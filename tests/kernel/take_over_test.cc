// A table that another proxy wrote becomes ours in place: nothing that is used is deleted or made
// anew. (kube-proxy itself: tests/e2e/takeover_test.py.)
#include <gmock/gmock.h>

#include "reconcile/apply.h"
#include "reconcile/reconciliation.h"
#include "tests/kernel/command.h"
#include "tests/kernel/kernel_world.h"
#include "tests/reconcile/builders.h"

namespace {

using namespace std::chrono_literals;
using namespace reconcile::test;  // NOLINT(google-build-using-namespace): a test's vocabulary
using testing::AnyOf;
using testing::Each;
using testing::Not;
using testing::VariantWith;

class TakeOver : public KernelWorld {
 protected:
  // A first sync of two Services: web, and dns over UDP.
  std::vector<ipvs::Step> first_sync() {
    auto dns = service("a/dns", {"10.96.0.2"});
    dns.ports = {{.name = "", .protocol = kube::Protocol::kUdp, .port = 53}};
    auto servers = slice("a/dns-1", "dns", {ready("10.244.1.4")});
    servers.ports = {{.name = "", .protocol = kube::Protocol::kUdp, .port = 53}};
    reconcile::Reconciliation made(reconcile::NodeConfig{.name = "here"}, 60s);
    made.replaced(std::vector{service("a/web", {"10.96.0.1"}), dns}, {});
    made.replaced(
        std::vector{slice("a/web-1", "web", {ready("10.244.1.2"), ready("10.244.1.3")}), servers},
        {});
    made.observed(observe());
    auto written = reconcile::apply(made.decide({}), *kernel_);
    EXPECT_TRUE(made.acknowledge(written.steps, written.outcomes, {}));
    return std::move(written.steps);
  }
};

// With everything that kube-router's annotations can say: a scheduler of its five and its flags, a
// real server that it lets drain, one whose pod is gone, affinity, and a mark for direct return.
TEST_F(TakeOver, AdoptsWhatKubeRouterWroteInPlace) {
  output_of({"ip", "link", "add", "kube-dummy-if", "type", "dummy"});
  for (const auto* address : {"10.96.0.1/32", "10.96.0.2/32"}) {
    output_of({"ip", "addr", "add", address, "dev", "kube-dummy-if"});
  }
  const std::string theirs =
      "-A -t 10.96.0.1:80 -s mh -b mh-fallback,mh-port\n"
      "-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 1\n"
      "-a -t 10.96.0.1:80 -r 10.244.1.3:8080 -m -w 0\n"
      "-a -t 10.96.0.1:80 -r 10.244.9.9:8080 -m -w 1\n"
      "-A -u 10.96.0.2:53 -s lc -p 10800\n"
      "-a -u 10.96.0.2:53 -r 10.244.1.4:53 -m -w 1\n"
      "-A -f 1234 -s rr\n";
  output_of({"ipvsadm", "-R"}, {.input = theirs});
  EXPECT_THAT(first_sync(), Each(Not(AnyOf(VariantWith<ipvs::AddVirtualServer>(testing::_),
                                           VariantWith<ipvs::DeleteVirtualServer>(testing::_),
                                           VariantWith<ipvs::AddRealServer>(testing::_),
                                           VariantWith<ipvs::DeleteRealServer>(testing::_)))));
  const auto saved = output_of({"ipvsadm", "-Sn"});
  for (const auto* line :
       {"-A -t 10.96.0.1:80 -s rr\n", "-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 1\n",
        "-a -t 10.96.0.1:80 -r 10.244.1.3:8080 -m -w 1\n",
        "-a -t 10.96.0.1:80 -r 10.244.9.9:8080 -m -w 0\n", "-A -u 10.96.0.2:53 -s rr\n",
        "-a -u 10.96.0.2:53 -r 10.244.1.4:53 -m -w 1\n", "-A -f 1234 -s rr\n"}) {
    EXPECT_THAT(saved, testing::HasSubstr(line));
  }
}

}  // namespace
