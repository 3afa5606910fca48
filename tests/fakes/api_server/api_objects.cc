#include "tests/fakes/api_server/api_objects.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <boost/json/src.hpp>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace fakes {

namespace json = boost::json;

namespace {

constexpr std::array<Collection, 5> kCollections = {{
    {.root = "/api/v1", .plural = "services", .kind = "Service", .version = "v1"},
    {.root = "/apis/discovery.k8s.io/v1",
     .plural = "endpointslices",
     .kind = "EndpointSlice",
     .version = "discovery.k8s.io/v1"},
    {.root = "/api/v1", .plural = "nodes", .kind = "Node", .version = "v1"},
    {.root = "/apis/networking.k8s.io/v1",
     .plural = "servicecidrs",
     .kind = "ServiceCIDR",
     .version = "networking.k8s.io/v1"},
    {.root = "/apis/events.k8s.io/v1",
     .plural = "events",
     .kind = "Event",
     .version = "events.k8s.io/v1"},
}};

const Collection& collection_of(const json::object& object) {
  const json::value* kind = object.if_contains("kind");
  for (const Collection& collection : kCollections) {
    if (kind != nullptr && *kind == json::value(collection.kind)) return collection;
  }
  throw std::invalid_argument("the fake API server keeps no object of this kind");
}

json::object& metadata_of(json::object& object) {
  json::value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = json::object();
  return metadata.get_object();
}

std::string text_of(const json::object& metadata, std::string_view key) {
  const json::value* value = metadata.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::string key_of(json::object& object) {
  const json::object& metadata = metadata_of(object);
  return text_of(metadata, "namespace") + "/" + text_of(metadata, "name");
}

json::object at_version(json::object object, std::uint64_t version) {
  metadata_of(object)["resourceVersion"] = std::to_string(version);
  return object;
}

}  // namespace

const Collection* find_collection(std::string_view root, std::string_view plural) {
  for (const Collection& collection : kCollections) {
    if (collection.root == root && collection.plural == plural) return &collection;
  }
  return nullptr;
}

ApiObjects::ApiObjects() = default;

std::optional<json::object> ApiObjects::create(const Collection& collection, json::object object) {
  const Key key(&collection, key_of(object));
  if (objects_.contains(key)) return std::nullopt;
  json::object& metadata = metadata_of(object);
  metadata["uid"] = fmt::format("00000000-0000-4000-8000-{:012x}", ++created_);
  metadata["creationTimestamp"] =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  record(collection, std::nullopt, std::move(object));
  return objects_.at(key);
}

std::optional<json::object> ApiObjects::replace(const Collection& collection, json::object object) {
  const auto found = objects_.find(Key(&collection, key_of(object)));
  if (found == objects_.end()) return std::nullopt;
  json::object before = found->second;
  for (const char* kept : {"uid", "creationTimestamp"}) {
    metadata_of(object)[kept] = metadata_of(before)[kept];
  }
  const Key key = found->first;
  record(collection, std::move(before), std::move(object));
  return objects_.at(key);
}

std::optional<json::object> ApiObjects::remove(const Collection& collection,
                                               const std::string& namespace_name,
                                               const std::string& name) {
  const auto found = objects_.find(Key(&collection, namespace_name + "/" + name));
  if (found == objects_.end()) return std::nullopt;
  json::object before = found->second;
  record(collection, before, std::nullopt);
  return before;
}

std::optional<json::object> ApiObjects::get(const Collection& collection,
                                            const std::string& namespace_name,
                                            const std::string& name) const {
  const auto found = objects_.find(Key(&collection, namespace_name + "/" + name));
  return found == objects_.end() ? std::nullopt : std::optional(found->second);
}

void ApiObjects::put(std::string_view text) {
  json::object object = json::parse(json::string_view(text.data(), text.size())).as_object();
  const Collection& collection = collection_of(object);
  if (!create(collection, object)) replace(collection, object);
}

void ApiObjects::remove(std::string_view plural, const std::string& namespace_name,
                        const std::string& name) {
  for (const Collection& collection : kCollections) {
    if (collection.plural == plural && remove(collection, namespace_name, name)) return;
  }
  throw std::invalid_argument("the fake API server has no such object");
}

void ApiObjects::record(const Collection& collection, std::optional<json::object> before,
                        std::optional<json::object> after) {
  ++version_;
  if (after) {
    after = at_version(std::move(*after), version_);
    objects_[Key(&collection, key_of(*after))] = *after;
  } else {
    objects_.erase(Key(&collection, key_of(*before)));
  }
  history_.push_back({.version = version_,
                      .collection = &collection,
                      .before = std::move(before),
                      .after = std::move(after)});
  if (on_change) on_change();
}

Listing ApiObjects::list(const Collection& collection, const Selector& selector) const {
  Listing listing{.version = version_, .objects = {}};
  for (const auto& [key, object] : objects_) {
    if (key.first == &collection && selector.matches(object)) listing.objects.push_back(object);
  }
  return listing;
}

std::vector<Change> ApiObjects::changes_since(std::uint64_t version, const Collection& collection,
                                              const Selector& selector) const {
  std::vector<Change> changes;
  for (const Record& record : history_) {
    if (record.version <= version || record.collection != &collection) continue;
    const bool before = record.before && selector.matches(*record.before);
    const bool after = record.after && selector.matches(*record.after);
    if (!before && !after) continue;
    const char* type = !before ? "ADDED" : after ? "MODIFIED" : "DELETED";
    changes.push_back(
        {.version = record.version,
         .type = type,
         .object = at_version(after ? *record.after : *record.before, record.version)});
  }
  return changes;
}

void ApiObjects::compact() {
  compacted_ = version_;
  history_.clear();
}

void ApiObjects::restore(const Backup& backup) {
  version_ = backup.version;
  objects_ = backup.objects;
  compacted_ = version_;
  history_.clear();
}

}  // namespace fakes
