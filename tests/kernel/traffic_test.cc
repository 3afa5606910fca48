// What our rules do to real packets, for both address families. The words of a test are the
// promise.
#include <sys/socket.h>

#include <chrono>

#include "tests/kernel/command.h"
#include "tests/kernel/traffic_family.h"
#include "tests/kernel/traffic_world.h"
#include "tests/values.h"

namespace {

using namespace ipvs;    // NOLINT(google-build-using-namespace): a test's vocabulary
using namespace values;  // NOLINT(google-build-using-namespace)

class ServiceTraffic : public TrafficWorld, public testing::WithParamInterface<Family> {
 protected:
  [[nodiscard]] VirtualServerId web() const { return tcp(GetParam().service, 80); }
  [[nodiscard]] VirtualServerId unserved_tcp() const { return tcp(GetParam().service, kPodPort); }
  [[nodiscard]] VirtualServerId unserved_udp() const { return udp(GetParam().service, 81); }
};

TEST_P(ServiceTraffic, KeepsTheSourceOfAPodAndOfAnOutsideClient) {
  serve(web(), {GetParam().pod2});
  EXPECT_EQ(ask(pod1_.get(), web()), GetParam().pod1);
  EXPECT_EQ(ask(client_.get(), web()), GetParam().client);
}

TEST_P(ServiceTraffic, GivesTheNodeARoutableSource) {
  serve(web(), {GetParam().pod1});
  EXPECT_EQ(ask(nullptr, web()), GetParam().node);
  EXPECT_EQ(write(DeleteElement{service_address(GetParam().service)}), 0);
  EXPECT_NE(ask(nullptr, web()), GetParam().node) << "so it was the rule that did it";
}

TEST_P(ServiceTraffic, LetsAPodReachItself) {
  serve(web(), {GetParam().pod1});
  EXPECT_EQ(ask(pod1_.get(), web()), GetParam().node);
  EXPECT_EQ(write(DeleteElement{hairpin(GetParam().pod1)}), 0);
  EXPECT_EQ(ask(pod1_.get(), web()), "silence") << "so it was the rule that did it";
}

TEST_P(ServiceTraffic, RefusesAtOnceAPortThatIsNoService) {
  serve(web(), {GetParam().pod1});
  // Something on the node listens on that port of every address: it must not be reached.
  const Greeter of_the_node(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), kPodPort);
  for (const Place* from : {client_.get(), pod1_.get(), static_cast<Place*>(nullptr)}) {
    EXPECT_EQ(ask(from, unserved_tcp()), "refused");
    EXPECT_EQ(ask_udp(from, unserved_udp()), "refused");
  }
  EXPECT_EQ(write(DeleteElement{service_address(GetParam().service)}), 0);
  EXPECT_EQ(ask(client_.get(), unserved_tcp()), GetParam().client)
      << "so it was the rule that did it";
}

TEST_P(ServiceTraffic, AnswersThePingToAServiceAddress) {
  serve(web(), {GetParam().pod1});
  output_of({"ping", "-c1", "-W5", GetParam().service},
            {.network_namespace = client_->descriptor()});
}

TEST_P(ServiceTraffic, OpensAPortWhenItsElementIsAdded) {
  serve(web(), {GetParam().pod1});
  EXPECT_EQ(write(DeleteElement{service_port(web())}), 0);
  EXPECT_EQ(ask(client_.get(), web()), "refused");
  EXPECT_EQ(write(AddElement{service_port(web())}), 0);
  EXPECT_EQ(ask(client_.get(), web()), GetParam().client);
}

TEST_P(ServiceTraffic, CountsEveryConnectionInSixtyFourBits) {
  serve(web(), {GetParam().pod1, GetParam().pod2});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(client_.get(), web()), GetParam().client);
  // The kernel's estimator hands the totals on every two seconds.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  ObservedVirtualServer seen;
  while (seen.traffic.connections < 10 && std::chrono::steady_clock::now() < deadline) {
    seen = observe().virtual_servers.front();
  }
  EXPECT_EQ(seen.traffic.connections, 10U);
  EXPECT_GE(seen.traffic.packets_in, 40U);
  EXPECT_GT(seen.traffic.bytes_out, 400U);
  ASSERT_EQ(seen.real_servers.size(), 2U);
  for (const auto& real : seen.real_servers) EXPECT_EQ(real.traffic.connections, 5U);
}

INSTANTIATE_TEST_SUITE_P(Families, ServiceTraffic, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return test.param.name; });

}  // namespace
