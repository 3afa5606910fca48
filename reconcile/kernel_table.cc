#include "reconcile/kernel_table.h"

#include "ipvs/listing_order.h"
#include "ipvs/words.h"

namespace reconcile {
namespace {

void add_row(TableRows& rows, std::string_view name, std::string_view address,
             const ipvs::ObservedVirtualServer& server, const ipvs::ObservedRealServer* real) {
  if (real == nullptr) {
    rows.add({name, address, server.settings.scheduler, "", "", "", "", ""});
  } else {
    rows.add({name, address, server.settings.scheduler, ipvs::to_string(real->id),
              ipvs::forward_word(real->settings.forward), std::to_string(real->settings.weight),
              std::to_string(real->connections.active),
              std::to_string(real->connections.inactive)});
  }
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
    const auto address = ipvs::to_string(server->id);
    if (server->real_servers.empty()) add_row(rows.rows, name, address, *server, nullptr);
    for (const auto* real : ipvs::listing_order(server->real_servers)) {
      add_row(rows.rows, name, address, *server, real);
    }
  }
  return rows;
}

}  // namespace reconcile
