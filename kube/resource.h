// What is asked of the API server: which objects, and the request targets that list and watch them.
//
// The selectors are kube-proxy's, so that the server never sends what a service proxy must ignore:
// Services that another proxy implements, headless Services and their slices. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "kube/objects.h"

namespace kube {

struct Resource {
  std::string group;   // API group, empty for the core group
  std::string path;    // "/api/v1/services"
  std::string plural;  // "services"
  std::string label_selector;
  std::string field_selector;
  std::string since = "1.21";  // the first version of Kubernetes that serves it as it is asked for

  friend bool operator==(const Resource&, const Resource&) = default;
};

[[nodiscard]] Resource all_services();
[[nodiscard]] Resource all_endpoint_slices();
[[nodiscard]] Resource node_named(std::string_view name);
[[nodiscard]] Resource all_nodes();
[[nodiscard]] Resource all_service_cidrs();
// Those about cluster-scoped objects, like Nodes. We write them and read none.
[[nodiscard]] Resource events();

// One page of a consistent list (the server asks etcd or proves its cache fresh): no
// resourceVersion.
[[nodiscard]] std::string list_target(const Resource& resource, std::size_t limit,
                                      std::string_view continue_token);

// The whole state as the first events of a watch, consistent as of now; the bookmark that ends them
// says so (API concepts, "Streaming lists").
[[nodiscard]] std::string watch_list_target(const Resource& resource, std::chrono::seconds timeout);

// A consistent list of the one object of that name, whatever else the selectors say of it.
[[nodiscard]] std::string look_target(const Resource& resource, const NamespacedName& id);

// What happened since `resource_version`; the server ends the stream after `timeout`.
[[nodiscard]] std::string watch_target(const Resource& resource, std::string_view resource_version,
                                       std::chrono::seconds timeout);

// Everything but RFC 3986's unreserved characters as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace kube
