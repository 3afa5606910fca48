#include "tests/model/objects.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kube/decode.h"
#include "reconcile/agent_flags.h"
#include "reconcile/configured_node.h"

namespace model {
namespace {

std::string json_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

bool has_label(const rapidjson::Value& object, const char* label) {
  const auto& metadata = object["metadata"];
  return metadata.HasMember("labels") && metadata["labels"].HasMember(label);
}

}  // namespace

rapidjson::Document read_json(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.str().c_str());
  if (document.HasParseError()) throw std::runtime_error(file.string() + " is not JSON");
  return document;
}

std::string text_at(const rapidjson::Value& value, const char* key) {
  const auto found = value.FindMember(key);
  return found != value.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

bool is_watched(const rapidjson::Value& object) {
  return !has_label(object, "service.kubernetes.io/service-proxy-name") &&
         !has_label(object, "service.kubernetes.io/headless");
}

template <class T>
bool is_believable(const rapidjson::Value& object) {
  return kube::decode<T>(json_of(object)).has_value();
}

template bool is_believable<kube::Service>(const rapidjson::Value&);
template bool is_believable<kube::EndpointSlice>(const rapidjson::Value&);
template bool is_believable<kube::Node>(const rapidjson::Value&);

template <class T>
T decode_object(const rapidjson::Value& object) {
  auto decoded = kube::decode<T>(json_of(object));
  if (!decoded) throw std::runtime_error(kube::to_string(decoded.error()));
  return std::move(decoded->object);
}

template kube::Service decode_object<kube::Service>(const rapidjson::Value&);
template kube::EndpointSlice decode_object<kube::EndpointSlice>(const rapidjson::Value&);
template kube::Node decode_object<kube::Node>(const rapidjson::Value&);

reconcile::NodeConfig config_of(std::vector<std::string> flags, const std::string& node) {
  CLI::App app;
  reconcile::GivenFlags given;
  reconcile::add_agent_flags(app, given);
  std::reverse(flags.begin(), flags.end());  // CLI11 takes them from the back
  app.parse(flags);
  const auto config = reconcile::resolve(given, std::nullopt, {.node_name = node, .host_name = ""});
  if (!config) throw std::runtime_error(config.error());
  return reconcile::node_config(*config, "192.168.50.2", 2);
}

}  // namespace model
