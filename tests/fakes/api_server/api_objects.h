// What an API server keeps: objects, one version counter for all, and the history of every change.
//
// As in etcd, each write gets the next resource version, and compact() forgets the history before
// one. Knows Services, EndpointSlices, Nodes, ServiceCIDRs and Events. One thread; no clock but for
// creationTimestamp.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/api_server/selector.h"

namespace fakes {

// One kind of object.
struct Collection {
  std::string_view root;     // "/api/v1"
  std::string_view plural;   // "services"
  std::string_view kind;     // "Service"
  std::string_view version;  // apiVersion

  friend bool operator==(const Collection&, const Collection&) = default;
};

// nullptr: none of ours.
[[nodiscard]] const Collection* find_collection(std::string_view root, std::string_view plural);

// A change as a watch with some selector sees it.
struct Change {
  std::uint64_t version = 0;
  std::string type;  // ADDED, MODIFIED, DELETED
  boost::json::object object;
};

struct Listing {
  std::uint64_t version = 0;
  std::vector<boost::json::object> objects;  // in the order of their names
};

class ApiObjects {
 public:
  using Key = std::pair<const Collection*, std::string>;
  struct Backup {
    std::uint64_t version = 0;
    std::map<Key, boost::json::object> objects;
  };

  ApiObjects();

  // Stores a copy with uid, resourceVersion and creationTimestamp set. Nothing: the name is taken.
  std::optional<boost::json::object> create(const Collection& collection,
                                            boost::json::object object);
  // Nothing: there is no such object.
  std::optional<boost::json::object> replace(const Collection& collection,
                                             boost::json::object object);
  std::optional<boost::json::object> remove(const Collection& collection,
                                            const std::string& namespace_name,
                                            const std::string& name);
  [[nodiscard]] std::optional<boost::json::object> get(const Collection& collection,
                                                       const std::string& namespace_name,
                                                       const std::string& name) const;

  // The same from JSON text, for tests; the kind says which collection.
  void put(std::string_view json);
  void remove(std::string_view plural, const std::string& namespace_name, const std::string& name);

  [[nodiscard]] Listing list(const Collection& collection, const Selector& selector) const;
  // What happened after `version`.
  [[nodiscard]] std::vector<Change> changes_since(std::uint64_t version,
                                                  const Collection& collection,
                                                  const Selector& selector) const;

  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] std::uint64_t compacted() const { return compacted_; }
  // Forgets the history up to now.
  void compact();
  // Objects and counter, as an etcd snapshot holds them.
  [[nodiscard]] Backup backup() const { return {.version = version_, .objects = objects_}; }
  // Both go back; whoever asks for the history before that has none.
  void restore(const Backup& backup);

  // Called after every change.
  std::function<void()> on_change;

 private:
  struct Record {
    std::uint64_t version;
    const Collection* collection;
    std::optional<boost::json::object> before;
    std::optional<boost::json::object> after;
  };

  void record(const Collection& collection, std::optional<boost::json::object> before,
              std::optional<boost::json::object> after);

  static constexpr std::uint64_t kFirstVersion = 100;

  std::uint64_t version_ = kFirstVersion;
  std::uint64_t compacted_ = kFirstVersion;  // what was before is not known
  std::uint64_t created_ = 0;
  std::map<Key, boost::json::object> objects_;
  std::vector<Record> history_;
};

}  // namespace fakes
