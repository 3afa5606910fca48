#include "reconcile/kernel_table.h"

#include "ipvs/listing_order.h"
#include "ipvs/words.h"

namespace reconcile {
namespace {

std::vector<std::string> row_of(const ipvs::ObservedVirtualServer& server, const std::string& name,
                                const ipvs::ObservedRealServer* real) {
  std::vector<std::string> row = {name, ipvs::to_string(server.id), server.settings.scheduler};
  if (real == nullptr) {
    row.resize(row.size() + 5);
    return row;
  }
  row.push_back(ipvs::to_string(real->id));
  row.emplace_back(ipvs::forward_word(real->settings.forward));
  row.push_back(std::to_string(real->settings.weight));
  row.push_back(std::to_string(real->connections.active));
  row.push_back(std::to_string(real->connections.inactive));
  return row;
}

}  // namespace

TextTable kernel_table(const std::vector<ipvs::ObservedVirtualServer>& table,
                       const std::function<std::string(const ipvs::VirtualServerId&)>& name_of) {
  TextTable rows{
      "KernelServer",
      {"SERVICE", "ADDRESS", "SCHEDULER", "ENDPOINT", "FORWARD", "WEIGHT", "ACTIVE", "INACTIVE"},
      0,
      {}};
  for (const auto* server : ipvs::listing_order(table)) {
    const auto name = name_of ? name_of(server->id) : std::string();
    if (server->real_servers.empty()) rows.rows.push_back(row_of(*server, name, nullptr));
    for (const auto* real : ipvs::listing_order(server->real_servers)) {
      rows.rows.push_back(row_of(*server, name, real));
    }
  }
  return rows;
}

}  // namespace reconcile
