// Who is refused and how; and that a reflector gets on with the server.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>

#include "kube/event_recorder.h"
#include "kube/reflector.h"
#include "tests/contract/api_server_contract.h"
#include "tests/kube/journal.h"

namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;

kube::ClusterAccess unknown(kube::ClusterAccess access) {
  access.token = {.file = "", .data = "nobody-gave-me-this"};
  return access;
}

TEST_P(ApiServerContract, UnknownCredentialIsUnauthorized) {
  const auto answer =
      ask_as(unknown(world_->powerless()), {.target = kube::list_target(services(), 1, "")});
  EXPECT_EQ(answer->status(), 401U);
  const json::object status = answer->json();
  EXPECT_EQ(status.at("kind"), "Status");
  EXPECT_EQ(status.at("status"), "Failure");
  EXPECT_EQ(status.at("reason"), "Unauthorized");
  EXPECT_EQ(status.at("code"), 401);
}

TEST_P(ApiServerContract, RefusalNamesVerbAndResource) {
  const auto list =
      ask_as(world_->powerless(), {.target = kube::list_target(kube::all_services(), 1, "")});
  EXPECT_EQ(list->status(), 403U);
  const json::object status = list->json();
  EXPECT_EQ(status.at("kind"), "Status");
  EXPECT_EQ(status.at("reason"), "Forbidden");
  EXPECT_EQ(status.at("code"), 403);
  EXPECT_EQ(status.at("details").at("kind"), "services");
  EXPECT_THAT(std::string(status.at("message").as_string()),
              HasSubstr(R"(cannot list resource "services" in API group "" at the cluster scope)"));
  const auto watch = ask_as(
      world_->powerless(),
      {.target = kube::watch_list_target(kube::all_endpoint_slices(), std::chrono::seconds(60))});
  EXPECT_EQ(watch->status(), 403U);
  EXPECT_THAT(
      std::string(watch->json()["message"].as_string()),
      HasSubstr(R"(cannot watch resource "endpointslices" in API group "discovery.k8s.io")"));
}

TEST_P(ApiServerContract, ObjectThatIsNotThereIsNotFound) {
  const auto answer = get(services().path + "/nobody");
  EXPECT_EQ(answer->status(), 404U);
  const json::object status = answer->json();
  EXPECT_EQ(status.at("kind"), "Status");
  EXPECT_EQ(status.at("reason"), "NotFound");
  EXPECT_EQ(status.at("message"), R"(services "nobody" not found)");
  EXPECT_EQ(status.at("details").at("name"), "nobody");
}

TEST_P(ApiServerContract, PathThatIsNoResourceIsNotEvenAStatus) {
  const auto answer = get("/apis/nobody.example/v1/things");
  EXPECT_EQ(answer->status(), 404U);
  EXPECT_EQ(answer->body(), "404 page not found\n");
}

TEST_P(ApiServerContract, NameThatIsTakenIsAConflict) {
  create(services(), service("a"));
  const auto again =
      ask({.method = "POST", .target = services().path, .body = json::serialize(service("a"))});
  EXPECT_EQ(again->status(), 409U);
  EXPECT_EQ(again->json()["reason"], "AlreadyExists");
}

TEST_P(ApiServerContract, IsReady) { EXPECT_EQ(get("/readyz")->body(), "ok"); }

TEST_P(ApiServerContract, EventOfOursIsTaken) {
  const kube::Event event{.reason = "ListHeld",
                          .action = "Hold",
                          .note = "so much is gone",
                          .regarding = {.api_version = "v1",
                                        .kind = "Service",
                                        .id = {.namespace_name = "contract", .name = "a"},
                                        .uid = "a"}};
  kube::Resource events = services();
  events.path = "/apis/events.k8s.io/v1/namespaces/contract/events";
  const std::string text =
      kube::event_json(event, "node-1", "node-1.1", std::chrono::system_clock::now());
  const json::object created = create(events, json::parse(text).as_object());
  EXPECT_EQ(created.at("note"), "so much is gone");
  EXPECT_EQ(created.at("regarding").at("kind"), "Service");
}

// A reflector of `resource` at work, as long as this lives.
template <class T>
class AtWork {
 public:
  AtWork(ApiServerWorld& world, const kube::ClusterAccess& access, const kube::Resource& resource)
      : world_(world), reflector_(world.io().get_executor(), access, resource, journal) {
    boost::asio::co_spawn(world.io(), reflector_.run(), [this](const std::exception_ptr& error) {
      ended_ = true;
      EXPECT_FALSE(error);
    });
  }
  ~AtWork() {
    reflector_.stop();
    world_.run_until([this] { return ended_; }, std::chrono::seconds(10));
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  kube::Journal<T> journal;

 private:
  ApiServerWorld& world_;
  kube::Reflector reflector_;
  bool ended_ = false;
};

TEST_P(ApiServerContract, ReflectorListsThenFollows) {
  create(services(), service("a"));
  AtWork<kube::Service> work(*world_, world_->administrator(), services());
  ASSERT_TRUE(run_until([&] { return work.journal.settlements >= 2; })) << "list, and watch begun";
  create(services(), service("b"));
  remove(services(), "a");
  EXPECT_TRUE(run_until([&] { return work.journal.count("deleted") == 1; }));
  EXPECT_THAT(
      work.journal.story(),
      testing::ElementsAre("replaced contract/a", "changed contract/b", "deleted contract/a"));
}

TEST_P(ApiServerContract, ReflectorOfSlicesIsContentWithNone) {
  AtWork<kube::EndpointSlice> work(*world_, world_->administrator(), slices());
  EXPECT_TRUE(run_until([&] { return work.journal.settlements >= 2; }));
  EXPECT_THAT(work.journal.story(), testing::ElementsAre("replaced"));
}

TEST_P(ApiServerContract, ReflectorBelievesNoServerOfAnotherName) {
  kube::ClusterAccess access = world_->administrator();
  access.tls_server_name = "not-this-server.example";
  AtWork<kube::Service> work(*world_, access, services());
  ASSERT_TRUE(run_until([&] { return !work.journal.troubles.empty(); }));
  EXPECT_THAT(work.journal.troubles[0].why, HasSubstr("not-this-server.example"));
  EXPECT_EQ(work.journal.count("replaced"), 0);
}

TEST_P(ApiServerContract, ReflectorSaysThatItIsNotKnown) {
  AtWork<kube::Service> work(*world_, unknown(world_->powerless()), services());
  ASSERT_TRUE(run_until([&] { return !work.journal.troubles.empty(); }));
  EXPECT_THAT(work.journal.troubles[0].why, HasSubstr("401"));
}

TEST_P(ApiServerContract, ReflectorThatMayNotPrintsTheRuleToAdd) {
  AtWork<kube::EndpointSlice> work(*world_, world_->powerless(), kube::all_endpoint_slices());
  ASSERT_TRUE(run_until([&] { return !work.journal.troubles.empty(); }));
  EXPECT_THAT(work.journal.troubles[0].remedy, HasSubstr(R"(resources: ["endpointslices"])"));
}

}  // namespace
