#include "kube/resource.h"

#include <fmt/core.h>

namespace kube {
namespace {

std::string selectors(const Resource& resource) {
  std::string query;
  if (!resource.label_selector.empty()) {
    query += "&labelSelector=" + percent_encoded(resource.label_selector);
  }
  if (!resource.field_selector.empty()) {
    query += "&fieldSelector=" + percent_encoded(resource.field_selector);
  }
  return query;
}

}  // namespace

Resource all_services() {
  return {.group = "",
          .path = "/api/v1/services",
          .plural = "services",
          .label_selector = "!service.kubernetes.io/service-proxy-name",
          .field_selector = "spec.clusterIP!=None"};
}

Resource all_endpoint_slices() {
  return {.group = "discovery.k8s.io",
          .path = "/apis/discovery.k8s.io/v1/endpointslices",
          .plural = "endpointslices",
          .label_selector = "!service.kubernetes.io/headless",
          .field_selector = ""};
}

Resource node_named(std::string_view name) {
  return {.group = "",
          .path = "/api/v1/nodes",
          .plural = "nodes",
          .label_selector = "",
          .field_selector = fmt::format("metadata.name={}", name)};
}

Resource all_nodes() {
  return {.group = "",
          .path = "/api/v1/nodes",
          .plural = "nodes",
          .label_selector = "",
          .field_selector = ""};
}

Resource all_service_cidrs() {
  return {.group = "networking.k8s.io",
          .path = "/apis/networking.k8s.io/v1/servicecidrs",
          .plural = "servicecidrs",
          .label_selector = "",
          .field_selector = "",
          .since = "1.33"};
}

Resource events() {
  return {.group = "events.k8s.io",
          .path = "/apis/events.k8s.io/v1/namespaces/default/events",
          .plural = "events",
          .label_selector = "",
          .field_selector = ""};
}

std::string list_target(const Resource& resource, std::size_t limit,
                        std::string_view continue_token) {
  std::string target = fmt::format("{}?limit={}{}", resource.path, limit, selectors(resource));
  if (!continue_token.empty()) target += "&continue=" + percent_encoded(continue_token);
  return target;
}

std::string watch_list_target(const Resource& resource, std::chrono::seconds timeout) {
  return fmt::format(
      "{}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true"
      "&resourceVersionMatch=NotOlderThan&timeoutSeconds={}{}",
      resource.path, timeout.count(), selectors(resource));
}

std::string look_target(const Resource& resource, const NamespacedName& id) {
  std::string path = resource.path;
  if (!id.namespace_name.empty()) {
    path.insert(path.rfind('/'), "/namespaces/" + percent_encoded(id.namespace_name));
  }
  return fmt::format("{}?limit=1&fieldSelector={}", path,
                     percent_encoded("metadata.name=" + id.name));
}

std::string watch_target(const Resource& resource, std::string_view resource_version,
                         std::chrono::seconds timeout) {
  return fmt::format("{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                     resource.path, percent_encoded(resource_version), timeout.count(),
                     selectors(resource));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char byte : text) {
    if (kUnreserved.find(byte) != std::string_view::npos) {
      encoded += byte;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return encoded;
}

}  // namespace kube
