// The bodies that a real API server answers a list request with, of any size: the same fields in
// the same order as kube-apiserver 1.36 sends them, managedFields included, for Services that
// kubectl has applied and for EndpointSlices that the controller keeps.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// T is kube::Service, with one port, or kube::EndpointSlice, of ten endpoints and one for each
// Service.
template <class T>
[[nodiscard]] std::string item_text(std::uint32_t number);

// {"kind":"ServiceList",…}: the first `count` of them, in the order of their names.
template <class T>
[[nodiscard]] std::string list_text(std::uint32_t count);

// The same as a watch begins: ADDED events, and the bookmark that ends them.
template <class T>
[[nodiscard]] std::string initial_events_text(std::uint32_t count);

// One line of a watch. The object carries a kind there, and that resource version.
template <class T>
[[nodiscard]] std::string event_text(const char* type, std::uint32_t number,
                                     std::uint32_t resource_version);

}  // namespace bench
