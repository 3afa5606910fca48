// Lists: whole, in pages, selected, compressed.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>

#include "tests/contract/api_server_contract.h"

namespace {

namespace json = boost::json;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_P(ApiServerContract, ListHasAKindAndAVersionThatNoObjectIsAheadOf) {
  create(services(), service("a"));
  const auto answer = get(kube::list_target(services(), 500, ""));
  ASSERT_EQ(answer->status(), 200U);
  EXPECT_THAT(answer->head(), HasSubstr("Content-Type: application/json"));
  const json::object list = answer->json();
  EXPECT_EQ(list.at("kind"), "ServiceList");
  EXPECT_EQ(list.at("apiVersion"), "v1");
  ASSERT_THAT(names_in(list), ElementsAre("a"));
  const json::object& item = list.at("items").as_array()[0].as_object();
  EXPECT_FALSE(item.contains("kind")) << "the items of a list do not say what they are";
  EXPECT_FALSE(item.contains("apiVersion"));
  EXPECT_GT(number(version_of(item)), 0U);
  EXPECT_LE(number(version_of(item)), number(version_of(list)));
}

TEST_P(ApiServerContract, ListKnowsEveryWriteThatWasAcknowledged) {
  for (const char* name : {"a", "b", "c"}) {
    const json::object written = create(services(), service(name));
    const json::object list = get(kube::list_target(services(), 500, ""))->json();
    EXPECT_THAT(names_in(list), testing::Contains(name));
    EXPECT_GE(number(version_of(list)), number(version_of(written)));
  }
}

TEST_P(ApiServerContract, EmptyListIsNoNull) {
  const json::object list = get(kube::list_target(slices(), 500, ""))->json();
  EXPECT_TRUE(list.at("items").is_array());
  EXPECT_THAT(version_of(list), Not(IsEmpty()));
}

TEST_P(ApiServerContract, PagesShowOneMomentOfTheHistory) {
  for (const char* name : {"a", "b", "c"}) create(services(), service(name));
  const json::object first = get(kube::list_target(services(), 2, ""))->json();
  EXPECT_THAT(names_in(first), ElementsAre("a", "b"));
  const std::string token(first.at("metadata").at("continue").as_string());
  create(services(), service("d"));
  const json::object second = get(kube::list_target(services(), 2, token))->json();
  EXPECT_THAT(names_in(second), ElementsAre("c")) << "d came after the first page";
  EXPECT_EQ(version_of(second), version_of(first));
  EXPECT_FALSE(second.at("metadata").as_object().contains("continue"));
}

TEST_P(ApiServerContract, ContinueTokenThatIsNoneIsABadRequest) {
  const auto answer = get(kube::list_target(services(), 2, "invented"));
  EXPECT_EQ(answer->status(), 400U);
  EXPECT_EQ(answer->json()["reason"], "BadRequest");
}

TEST_P(ApiServerContract, ListOfAVersionToComeIsRefusedForNow) {
  const auto answer = get(services().path + "?resourceVersion=999999999");
  EXPECT_EQ(answer->status(), 504U);
  EXPECT_THAT(answer->head(), HasSubstr("Retry-After: 1"));
  const json::object status = answer->json();
  EXPECT_EQ(status.at("reason"), "Timeout");
  EXPECT_EQ(status.at("details").at("causes").at(0).at("reason"), "ResourceVersionTooLarge");
  EXPECT_EQ(status.at("details").at("retryAfterSeconds"), 1);
}

TEST_P(ApiServerContract, ServicesOfOthersAndHeadlessOnesAreNotListed) {
  create(services(), service("ours"));
  create(services(), service("theirs", {{"service.kubernetes.io/service-proxy-name", "other"}}));
  json::object headless = service("headless");
  headless["spec"].as_object()["clusterIP"] = "None";
  create(services(), headless);
  EXPECT_THAT(names_in(get(kube::list_target(services(), 500, ""))->json()), ElementsAre("ours"));
  EXPECT_THAT(names_in(get(services().path)->json()), SizeIs(3)) << "they are there";
}

TEST_P(ApiServerContract, SlicesOfHeadlessServicesAreNotListed) {
  const auto slice = [](const char* name, const json::object& labels) {
    return json::object{{"kind", "EndpointSlice"},
                        {"apiVersion", "discovery.k8s.io/v1"},
                        {"metadata", {{"name", name}, {"labels", labels}}},
                        {"addressType", "IPv4"},
                        {"endpoints", json::array{}},
                        {"ports", json::array{}}};
  };
  create(slices(), slice("a", {{"kubernetes.io/service-name", "a"}}));
  create(slices(), slice("h", {{"service.kubernetes.io/headless", ""}}));
  const json::object list = get(kube::list_target(slices(), 500, ""))->json();
  EXPECT_THAT(names_in(list), ElementsAre("a"));
  EXPECT_EQ(list.at("kind"), "EndpointSliceList");
  EXPECT_EQ(list.at("apiVersion"), "discovery.k8s.io/v1");
}

TEST_P(ApiServerContract, OwnNodeIsListedAndWatchedByName) {
  const auto node = [](const char* name) {
    return json::object{{"kind", "Node"}, {"apiVersion", "v1"}, {"metadata", {{"name", name}}}};
  };
  const kube::Resource ours = kube::node_named("contract-a");
  create(ours, node("contract-a"));
  create(ours, node("contract-b"));
  const json::object list = get(kube::list_target(ours, 500, ""))->json();
  EXPECT_THAT(names_in(list), ElementsAre("contract-a"));
  const auto label = [](json::object& changed) {
    changed["metadata"].as_object()["labels"] = {{"topology.kubernetes.io/zone", "z"}};
  };
  change(ours, "contract-b", label);
  change(ours, "contract-a", label);
  const auto events =
      events_of(watch(kube::watch_target(ours, version_of(list), std::chrono::seconds(60))), 1);
  EXPECT_THAT(story(events), ElementsAre("MODIFIED contract-a"));
}

TEST_P(ApiServerContract, ObjectIsFoundAmongAllByItsNameAlone) {
  create(services(), service("a"));
  create(services(), service("b"));
  const std::string target =
      kube::look_target(kube::all_services(), {.namespace_name = "contract", .name = "b"});
  EXPECT_THAT(names_in(get(target)->json()), ElementsAre("b"));
}

TEST_P(ApiServerContract, LongListIsCompressedForWhoAsks) {
  json::object large = service("large");
  large["metadata"].as_object()["annotations"] = {{"text", std::string(200'000, 'x')}};
  create(services(), large);
  const std::string target = kube::list_target(services(), 500, "");
  const auto packed = ask({.target = target, .gzip = true});
  EXPECT_THAT(packed->head(), HasSubstr("Content-Encoding: gzip"));
  const auto plain = get(target);
  EXPECT_THAT(plain->head(), Not(HasSubstr("Content-Encoding")));
  EXPECT_EQ(packed->json()["items"], plain->json()["items"]);
}

TEST_P(ApiServerContract, ShortListIsNotCompressed) {
  const auto answer = ask({.target = kube::list_target(services(), 500, ""), .gzip = true});
  EXPECT_THAT(answer->head(), Not(HasSubstr("Content-Encoding")));
  EXPECT_EQ(answer->json()["kind"], "ServiceList");
}

}  // namespace
