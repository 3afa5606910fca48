#include "reconcile/status.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "ipvs/connection_listing.h"
#include "ipvs/save_format.h"
#include "ipvs/settings_listing.h"
#include "reconcile/kernel_table.h"
#include "reconcile/system_names.h"

namespace reconcile {
namespace {

constexpr const char* kConnections = "/proc/net/ip_vs_conn";

using Text = ipvs::Result<std::string>;

ipvs::Result<std::string> read_connections() {
  std::ifstream file(kConnections);
  if (!file) {
    return tl::unexpected(ipvs::Error{.code = errno,
                                      .operation = "read",
                                      .subject = kConnections,
                                      .remedy = "Load the kernel module ip_vs"});
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool shows_traffic(const ListingRequest& request) {
  return request.format == ipvs::ListingFormat::kStats ||
         request.format == ipvs::ListingFormat::kRate || request.output != ListingOutput::kText;
}

ipvs::Result<std::vector<ipvs::ObservedVirtualServer>> read_table(ipvs::TableReader& kernel,
                                                                  const ListingRequest& request) {
  if (request.only) return kernel.observe(std::array{*request.only});
  return shows_traffic(request) ? kernel.observe() : kernel.sweep();
}

Text table_text(ipvs::TableReader& kernel, const ListingRequest& request,
                const StatusContext& context, const ipvs::Names* names) {
  const auto info = kernel.info();
  if (!info) return tl::unexpected(info.error());
  auto table = read_table(kernel, request);
  if (!table) return tl::unexpected(table.error());
  if (request.only && table->empty()) {
    return tl::unexpected(
        ipvs::Error{.code = ESRCH, .operation = "find", .subject = "the service"});
  }
  if (context.only) {
    std::erase_if(*table, [&](const auto& server) { return !context.only->contains(server.id); });
  }
  if (request.output == ListingOutput::kJson || request.output == ListingOutput::kYaml) {
    const bool json = request.output == ListingOutput::kJson;
    return to_text(kernel_table(*table, context.name_of),
                   json ? TableOutput::kJson : TableOutput::kYaml);
  }
  return ipvs::listing(*info, *table,
                       {.format = request.format,
                        .exact = request.exact,
                        .sorted = request.sorted,
                        .version_line = !request.only,
                        .names = names,
                        .note = context.name_of});
}

}  // namespace

Text status_text(ipvs::TableReader& kernel, const ListingRequest& request,
                 const StatusContext& context) {
  const auto system = system_names();
  const auto* names = request.numeric ? nullptr : &system;
  switch (request.subject) {
    case ListingSubject::kTable:
      return table_text(kernel, request, context, names);
    case ListingSubject::kConnections:
      return read_connections().map([&](const std::string& connections) {
        return ipvs::connection_listing(
            connections, {.persistence_engine = request.persistence_engine, .names = names});
      });
    case ListingSubject::kTimeouts:
      return kernel.timeouts().map(ipvs::timeout_listing);
    case ListingSubject::kDaemons:
      return kernel.daemons().map([](const std::vector<ipvs::SyncDaemon>& daemons) {
        return ipvs::daemon_listing(daemons);
      });
    case ListingSubject::kSaved:
      return kernel.sweep().map([&](const std::vector<ipvs::ObservedVirtualServer>& table) {
        return ipvs::to_save_format(table, names);
      });
  }
  return {};
}

}  // namespace reconcile
