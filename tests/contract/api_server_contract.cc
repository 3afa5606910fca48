#include "tests/contract/api_server_contract.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace json = boost::json;

namespace {

constexpr const char* kNamespace = "contract";

kube::Resource in_our_namespace(kube::Resource resource) {
  resource.path.insert(resource.path.rfind('/'), std::string("/namespaces/") + kNamespace);
  return resource;
}

const json::value* metadata_field(const json::object& object, const char* key) {
  const json::value* metadata = object.if_contains("metadata");
  return metadata == nullptr ? nullptr : metadata->as_object().if_contains(key);
}

std::string metadata_text(const json::object& object, const char* key) {
  const json::value* field = metadata_field(object, key);
  return field == nullptr ? "" : std::string(field->as_string());
}

}  // namespace

void ApiServerContract::SetUp() { world_ = GetParam().make(); }

void ApiServerContract::TearDown() {
  if (!world_) return;
  for (const std::string& target : created_) ask({.method = "DELETE", .target = target});
}

ApiServerContract::Conversation ApiServerContract::ask(const ApiRequest& request) {
  return ask_as(world_->administrator(), request);
}

ApiServerContract::Conversation ApiServerContract::ask_as(const kube::ClusterAccess& who,
                                                          const ApiRequest& request) {
  auto asked = ApiConversation::begin(world_->io(), who, request);
  EXPECT_TRUE(run_until([&] { return asked->ended() || !asked->trouble().empty(); }));
  EXPECT_EQ(asked->trouble(), "") << request.method << " " << request.target;
  return asked;
}

ApiServerContract::Conversation ApiServerContract::watch(const std::string& target) {
  return ApiConversation::begin(world_->io(), world_->administrator(), {.target = target});
}

std::vector<ApiEvent> ApiServerContract::events_of(const Conversation& watch, std::size_t count) {
  run_until([&] { return watch->events().size() >= count || !watch->trouble().empty(); });
  EXPECT_EQ(watch->trouble(), "");
  EXPECT_EQ(watch->events().size(), count) << watch->body();
  auto events = watch->events();
  events.resize(count);
  return events;
}

json::object ApiServerContract::create(const kube::Resource& resource, json::object object) {
  const auto created =
      ask({.method = "POST", .target = resource.path, .body = json::serialize(object)});
  EXPECT_EQ(created->status(), 201U) << created->body();
  created_.push_back(resource.path + "/" + name_of(object));
  return created->json();
}

json::object ApiServerContract::change(const kube::Resource& resource, const std::string& name,
                                       const std::function<void(json::object&)>& edit) {
  const std::string target = resource.path + "/" + name;
  json::object object = get(target)->json();
  edit(object);
  const auto changed = ask({.method = "PUT", .target = target, .body = json::serialize(object)});
  EXPECT_EQ(changed->status(), 200U) << changed->body();
  return changed->json();
}

void ApiServerContract::remove(const kube::Resource& resource, const std::string& name) {
  const auto removed = ask({.method = "DELETE", .target = resource.path + "/" + name});
  EXPECT_EQ(removed->status(), 200U) << removed->body();
}

kube::Resource ApiServerContract::services() { return in_our_namespace(kube::all_services()); }

kube::Resource ApiServerContract::slices() { return in_our_namespace(kube::all_endpoint_slices()); }

std::string name_of(const json::object& object) { return metadata_text(object, "name"); }

std::string version_of(const json::object& object) {
  return metadata_text(object, "resourceVersion");
}

std::uint64_t number(const std::string& version) { return std::stoull("0" + version); }

std::vector<std::string> names_in(const json::object& list) {
  std::vector<std::string> names;
  const json::value* items = list.if_contains("items");
  if (items == nullptr || !items->is_array()) return names;
  for (const json::value& item : items->get_array()) names.push_back(name_of(item.as_object()));
  return names;
}

std::vector<std::string> story(const std::vector<ApiEvent>& events) {
  std::vector<std::string> lines;
  for (const ApiEvent& event : events) lines.push_back(event.type + " " + name_of(event.object));
  return lines;
}

json::object service(const std::string& name, const json::object& labels) {
  return {{"kind", "Service"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"labels", labels}}},
          {"spec", {{"ports", json::array{json::object{{"port", 80}}}}}}};
}
