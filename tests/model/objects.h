// Objects and flags as tests write them down: JSON as `kubectl get -o json` prints it, decoded as
// the agent decodes it; flags as the agent takes them.
#pragma once

#include <rapidjson/document.h>

#include <filesystem>
#include <string>
#include <vector>

#include "kube/objects.h"
#include "reconcile/node_config.h"

namespace model {

// Throws std::runtime_error where the file is not JSON.
[[nodiscard]] rapidjson::Document read_json(const std::filesystem::path& file);

// Empty where `value` has no text of that name.
[[nodiscard]] std::string text_at(const rapidjson::Value& value, const char* key);

// Is it one that the agent's watches select (kube/resource.h)? The API server sorts the others out.
[[nodiscard]] bool is_watched(const rapidjson::Value& object);

// T is kube::Service, kube::EndpointSlice or kube::Node. The agent skips what is not believable.
template <class T>
[[nodiscard]] bool is_believable(const rapidjson::Value& object);

// As for is_believable(), or std::runtime_error is thrown.
template <class T>
[[nodiscard]] T decode_object(const rapidjson::Value& object);

// What an agent with these flags decides for the node of this name; its API server is
// 192.168.50.2. Throws std::runtime_error where the agent would not start.
[[nodiscard]] reconcile::NodeConfig config_of(std::vector<std::string> flags,
                                              const std::string& node);

}  // namespace model
