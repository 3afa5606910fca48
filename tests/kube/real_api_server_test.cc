// The reflector against a real API server over TLS, when KUBE_IPVS_TEST_KUBECONFIG names a
// kubeconfig; skipped with a printed reason otherwise. Reads only, so any cluster will do.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <string>

#include "kube/kubeconfig.h"
#include "kube/reflector.h"
#include "tests/kube/journal.h"

namespace kube {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RealApiServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* file = std::getenv("KUBE_IPVS_TEST_KUBECONFIG");
    if (file == nullptr) GTEST_SKIP() << "KUBE_IPVS_TEST_KUBECONFIG names no kubeconfig";
    auto access = load_kubeconfig(file);
    ASSERT_TRUE(access.has_value()) << access.error().why;
    access_ = std::move(*access);
  }

  // Runs a reflector of `resource` until `condition`, at most 20 s.
  template <class T, class Condition>
  bool run(const Resource& resource, Journal<T>& journal, Condition condition) {
    boost::asio::io_context io(1);
    Reflector reflector(io.get_executor(), access_, resource, journal);
    boost::asio::co_spawn(io, reflector.run(),
                          [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

  ClusterAccess access_;
};

TEST_F(RealApiServerTest, ListsAndWatchesServices) {
  Journal<Service> journal;
  // The list, and the word that the watch has begun.
  EXPECT_TRUE(run(all_services(), journal, [&] { return journal.settlements >= 2; }));
  EXPECT_THAT(journal.troubles, IsEmpty());
  ASSERT_EQ(journal.count("replaced"), 1);
  EXPECT_THAT(journal.lines[0], HasSubstr("default/kubernetes"));
}

TEST_F(RealApiServerTest, ListsAndWatchesSlices) {
  Journal<EndpointSlice> journal;
  EXPECT_TRUE(run(all_endpoint_slices(), journal, [&] { return journal.settlements >= 2; }));
  EXPECT_THAT(journal.troubles, IsEmpty());
  EXPECT_EQ(journal.count("replaced"), 1);
}

TEST_F(RealApiServerTest, RefusesAServerWhoseCertificateNamesAnother) {
  access_.tls_server_name = "not-this-server.example";
  Journal<Service> journal;
  EXPECT_TRUE(run(all_services(), journal, [&] { return !journal.troubles.empty(); }));
  ASSERT_FALSE(journal.troubles.empty());
  EXPECT_THAT(journal.troubles[0].why, HasSubstr("not-this-server.example"));
  EXPECT_EQ(journal.count("replaced"), 0);
}

TEST_F(RealApiServerTest, SaysThatItIsNotAuthorized) {
  access_.client_certificate = {};
  access_.client_key = {};
  access_.token = {.file = "", .data = "nobody-gave-me-this"};
  Journal<Service> journal;
  EXPECT_TRUE(run(all_services(), journal, [&] { return !journal.troubles.empty(); }));
  ASSERT_FALSE(journal.troubles.empty());
  EXPECT_THAT(journal.troubles[0].why, HasSubstr("401"));
}

}  // namespace
}  // namespace kube
