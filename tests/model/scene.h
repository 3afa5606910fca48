// A scene of the packet suite as tests/packets/README.md describes it: per step the objects as the
// API server had them, and rows that say where a connection ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "kube/objects.h"

namespace model {

enum class From : std::uint8_t { kPod, kNode, kClient };

struct Row {
  std::string sentence;
  From from = From::kClient;
  std::string from_node;  // of pods and nodes
  kube::Address source;
  std::string enters;  // the node whose tables decide
  kube::Address address;
  kube::Protocol protocol = kube::Protocol::kTcp;
  std::uint16_t port = 0;
  bool sticky = false;

  // Where it ends: at these endpoints, as ipvsadm writes them; "refused", "dropped"; or with this
  // status of a health check.
  std::variant<std::vector<std::string>, std::string, int> ends;
  std::string seen_source;  // an address, or the name of a node; empty: not looked at
};

// What `kube-ipvs explain` says of a Service there.
struct Telling {
  std::string node;
  std::string service;  // NAMESPACE/NAME
  std::string says;
};

struct Step {
  std::string when;
  std::vector<kube::Node> nodes;
  std::map<std::string, std::vector<kube::Address>> addresses;  // of its own, by the node's name
  std::vector<kube::Service> services;  // those that a service proxy watches
  std::vector<kube::EndpointSlice> slices;
  std::vector<Row> rows;
  std::vector<Telling> tellings;
};

struct Scene {
  std::string name;
  std::vector<std::string> flags;  // of `kube-ipvs agent`
  std::vector<Step> steps;
};

// Throws std::runtime_error with the place where the file is none.
[[nodiscard]] Scene read_scene(const std::filesystem::path& file);

}  // namespace model
