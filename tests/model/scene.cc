#include "tests/model/scene.h"

#include "tests/model/objects.h"

namespace model {
namespace {

using rapidjson::Value;

// As the agent: without those that cannot be believed, as rows of the scene `bad-input` ask.
template <class T>
std::vector<T> decode_all(const Value& objects) {
  std::vector<T> decoded;
  for (const auto& object : objects.GetArray()) {
    if (is_watched(object) && is_believable<T>(object)) decoded.push_back(decode_object<T>(object));
  }
  return decoded;
}

kube::Protocol protocol_named(const std::string& name) {
  if (name == "UDP") return kube::Protocol::kUdp;
  return name == "SCTP" ? kube::Protocol::kSctp : kube::Protocol::kTcp;
}

From place_named(const std::string& kind) {
  if (kind == "pod") return From::kPod;
  return kind == "node" ? From::kNode : From::kClient;
}

void read_ends(const Value& ends, Row& row) {
  if (ends.IsInt()) {
    row.ends = ends.GetInt();
  } else if (ends.IsString()) {
    row.ends = std::string(ends.GetString());
  } else {
    std::vector<std::string> endpoints;
    for (const auto& one : ends.GetArray()) endpoints.emplace_back(one.GetString());
    row.ends = std::move(endpoints);
  }
}

Row read_row(const Value& value) {
  const auto& from = value["from"];
  Row row{.sentence = text_at(value, "row"),
          .from = place_named(text_at(from, "kind")),
          .from_node = text_at(from, "node"),
          .source = boost::asio::ip::make_address(text_at(from, "address")),
          .enters = text_at(value, "enters"),
          .address = boost::asio::ip::make_address(text_at(value, "address")),
          .protocol = protocol_named(text_at(value, "protocol")),
          .port = static_cast<std::uint16_t>(value["port"].GetUint()),
          .sticky = value["sticky"].GetBool(),
          .ends = {},
          .seen_source = text_at(value, "source")};
  read_ends(value["ends"], row);
  return row;
}

std::map<std::string, std::vector<kube::Address>> read_addresses(const Value& by_node) {
  std::map<std::string, std::vector<kube::Address>> addresses;
  for (const auto& node : by_node.GetObject()) {
    for (const auto& address : node.value.GetArray())
      addresses[node.name.GetString()].push_back(
          boost::asio::ip::make_address(address.GetString()));
  }
  return addresses;
}

Step read_step(const Value& value) {
  Step step{.when = text_at(value, "when"),
            .nodes = decode_all<kube::Node>(value["nodes"]),
            .addresses = read_addresses(value["addresses"]),
            .services = decode_all<kube::Service>(value["services"]),
            .slices = decode_all<kube::EndpointSlice>(value["endpointslices"]),
            .rows = {},
            .tellings = {}};
  for (const auto& row : value["rows"].GetArray()) step.rows.push_back(read_row(row));
  for (const auto& one : value["explained"].GetArray())
    step.tellings.push_back({text_at(one, "node"), text_at(one, "service"), text_at(one, "says")});
  return step;
}

}  // namespace

Scene read_scene(const std::filesystem::path& file) {
  const auto document = read_json(file);
  Scene scene{.name = text_at(document, "scene"), .flags = {}, .steps = {}};
  for (const auto& flag : document["flags"].GetArray()) scene.flags.emplace_back(flag.GetString());
  for (const auto& step : document["steps"].GetArray()) scene.steps.push_back(read_step(step));
  return scene;
}

}  // namespace model
