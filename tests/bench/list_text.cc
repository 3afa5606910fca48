#include "tests/bench/list_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/bench/big_cluster.h"

namespace bench {
namespace {

constexpr const char* kTime = "2026-11-23T03:51:50Z";

std::string uid(std::uint32_t kind, std::uint32_t number) {
  return fmt::format("{:08x}-f158-475e-8161-{:012x}", kind * 0x9e3779b9U, number);
}

std::string namespace_of(std::uint32_t number) { return metadata("", number).id.namespace_name; }

std::string quoted_escaped(std::string_view json) {
  std::string text;
  for (const char byte : json) {
    if (byte == '"') text += '\\';
    text += byte;
  }
  return text;
}

std::string service_text(std::uint32_t number, std::uint32_t version) {
  const std::string name = service_name(number);
  const std::string applied = fmt::format(
      R"({{"apiVersion":"v1","kind":"Service","metadata":{{"annotations":{{}},"name":"{}",)"
      R"("namespace":"{}"}},"spec":{{"ports":[{{"name":"http","port":80,"targetPort":8080}}],)"
      R"("selector":{{"app":"{}"}}}}}})",
      name, namespace_of(number), name);
  return fmt::format(
      R"({{"metadata":{{"name":"{0}","namespace":"{1}","uid":"{2}","resourceVersion":"{3}",)"
      R"("creationTimestamp":"{4}","annotations":{{)"
      R"("kubectl.kubernetes.io/last-applied-configuration":"{5}\n"}},"managedFields":[{{)"
      R"("manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"v1",)"
      R"("time":"{4}","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{)"
      R"(".":{{}},"f:kubectl.kubernetes.io/last-applied-configuration":{{}}}}}},"f:spec":{{)"
      R"("f:internalTrafficPolicy":{{}},"f:ports":{{".":{{}},)"
      R"("k:{{\"port\":80,\"protocol\":\"TCP\"}}":{{".":{{}},"f:name":{{}},"f:port":{{}},)"
      R"("f:protocol":{{}},"f:targetPort":{{}}}}}},"f:selector":{{}},"f:sessionAffinity":{{}},)"
      R"("f:type":{{}}}}}}}}]}},"spec":{{"ports":[{{"name":"http","protocol":"TCP","port":80,)"
      R"("targetPort":8080}}],"selector":{{"app":"{0}"}},"clusterIP":"{6}","clusterIPs":["{6}"],)"
      R"("type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],)"
      R"("ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}},)"
      R"("status":{{"loadBalancer":{{}}}}}})",
      name, namespace_of(number), uid(1, number), version, kTime, quoted_escaped(applied),
      address(0x0a600001, number).to_string());
}

std::string slice_metadata_text(std::uint32_t number, std::uint32_t version) {
  return fmt::format(
      R"("metadata":{{"name":"{0}-x7k2p","generateName":"{0}-","namespace":"{1}","uid":"{2}",)"
      R"("resourceVersion":"{3}","generation":4,"creationTimestamp":"{4}","labels":{{)"
      R"("endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",)"
      R"("kubernetes.io/service-name":"{0}"}},"annotations":{{)"
      R"("endpoints.kubernetes.io/last-change-trigger-time":"{4}"}},"ownerReferences":[{{)"
      R"("apiVersion":"v1","kind":"Service","name":"{0}","uid":"{5}","controller":true,)"
      R"("blockOwnerDeletion":true}}],"managedFields":[{{"manager":"kube-controller-manager",)"
      R"("operation":"Update","apiVersion":"discovery.k8s.io/v1","time":"{4}",)"
      R"("fieldsType":"FieldsV1","fieldsV1":{{"f:addressType":{{}},"f:endpoints":{{}},)"
      R"("f:metadata":{{"f:annotations":{{".":{{}},)"
      R"("f:endpoints.kubernetes.io/last-change-trigger-time":{{}}}},"f:generateName":{{}},)"
      R"("f:labels":{{".":{{}},"f:endpointslice.kubernetes.io/managed-by":{{}},)"
      R"("f:kubernetes.io/service-name":{{}}}},"f:ownerReferences":{{".":{{}},)"
      R"("k:{{\"uid\":\"{5}\"}}":{{}}}}}},"f:ports":{{}}}}}}]}})",
      service_name(number), namespace_of(number), uid(2, number), version, kTime, uid(1, number));
}

std::string endpoint_text(std::uint32_t number, std::uint32_t index) {
  const std::uint32_t node = (number + index) % kNodes;
  return fmt::format(
      R"({{"addresses":["{}"],"conditions":{{"ready":true,"serving":true,"terminating":false}},)"
      R"("targetRef":{{"kind":"Pod","namespace":"{}","name":"{}-5f7d8c9b6-{:05x}","uid":"{}"}},)"
      R"("nodeName":"node-{}","zone":"zone-{}"}})",
      address(0x64400001, number * kEndpoints + index).to_string(), namespace_of(number),
      service_name(number), index, uid(3, number * kEndpoints + index), node, node % 3);
}

std::string slice_text(std::uint32_t number, std::uint32_t version) {
  std::string endpoints;
  for (std::uint32_t index = 0; index < kEndpoints; ++index) {
    endpoints += (index == 0 ? "" : ",") + endpoint_text(number, index);
  }
  return fmt::format(R"({{{},"addressType":"IPv4","endpoints":[{}],)"
                     R"("ports":[{{"name":"http","protocol":"TCP","port":8080}}]}})",
                     slice_metadata_text(number, version), endpoints);
}

template <class T>
constexpr bool kIsService = std::is_same_v<T, kube::Service>;
template <class T>
constexpr const char* kKind = kIsService<T> ? "Service" : "EndpointSlice";
template <class T>
constexpr const char* kVersion = kIsService<T> ? "v1" : "discovery.k8s.io/v1";

template <class T>
std::string text_of(std::uint32_t number, std::uint32_t version) {
  if constexpr (kIsService<T>) return service_text(number, version);
  return slice_text(number, version);
}

// As the server keeps them: by namespace, then by name.
std::vector<std::uint32_t> in_order_of_names(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  const auto key = [](std::uint32_t number) { return metadata(service_name(number), number).id; };
  std::sort(numbers.begin(), numbers.end(),
            [&](std::uint32_t left, std::uint32_t right) { return key(left) < key(right); });
  return numbers;
}

constexpr std::uint32_t kListVersion = 3'000'000;

}  // namespace

template <class T>
std::string item_text(std::uint32_t number) {
  return text_of<T>(number, 1'000'000 + number);
}

template <class T>
std::string list_text(std::uint32_t count) {
  std::string text = fmt::format(
      R"({{"kind":"{}List","apiVersion":"{}","metadata":{{"resourceVersion":"{}"}},"items":[)",
      kKind<T>, kVersion<T>, kListVersion);
  bool first = true;
  for (const std::uint32_t number : in_order_of_names(count)) {
    text += std::exchange(first, false) ? "" : ",";
    text += item_text<T>(number);
  }
  return text + "]}\n";
}

template <class T>
std::string event_text(const char* type, std::uint32_t number, std::uint32_t resource_version) {
  return fmt::format(R"({{"type":"{}","object":{{"kind":"{}","apiVersion":"{}",{}}})"
                     "\n",
                     type, kKind<T>, kVersion<T>, text_of<T>(number, resource_version).substr(1));
}

template <class T>
std::string initial_events_text(std::uint32_t count) {
  std::string text;
  for (const std::uint32_t number : in_order_of_names(count)) {
    text += event_text<T>("ADDED", number, 1'000'000 + number);
  }
  return text +
         fmt::format(R"({{"type":"BOOKMARK","object":{{"kind":"{}","apiVersion":"{}","metadata":{{)"
                     R"("resourceVersion":"{}","annotations":{{)"
                     R"("k8s.io/initial-events-end":"true"}}}}}}}})"
                     "\n",
                     kKind<T>, kVersion<T>, kListVersion);
}

template std::string item_text<kube::Service>(std::uint32_t);
template std::string item_text<kube::EndpointSlice>(std::uint32_t);
template std::string list_text<kube::Service>(std::uint32_t);
template std::string list_text<kube::EndpointSlice>(std::uint32_t);
template std::string event_text<kube::Service>(const char*, std::uint32_t, std::uint32_t);
template std::string event_text<kube::EndpointSlice>(const char*, std::uint32_t, std::uint32_t);
template std::string initial_events_text<kube::Service>(std::uint32_t);
template std::string initial_events_text<kube::EndpointSlice>(std::uint32_t);

}  // namespace bench
