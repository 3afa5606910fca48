#include "ipvs/table_reader.h"

#include <utility>

#include "ipvs/ipvs_table.h"

namespace ipvs {

struct TableReader::Door {
  IpvsTable table;
};

TableReader::TableReader(std::unique_ptr<Door> door) : door_(std::move(door)) {}
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

Result<TableReader> TableReader::open() {
  auto table = IpvsTable::open();
  if (!table) return tl::unexpected(table.error());
  return TableReader(std::make_unique<Door>(Door{*std::move(table)}));
}

Result<KernelInfo> TableReader::info() { return door_->table.info(); }
Result<Timeouts> TableReader::timeouts() { return door_->table.timeouts(); }
Result<std::vector<SyncDaemon>> TableReader::daemons() { return door_->table.daemons(); }
Result<std::vector<ObservedVirtualServer>> TableReader::observe() { return door_->table.observe(); }
Result<std::vector<ObservedVirtualServer>> TableReader::sweep() { return door_->table.sweep(); }
Result<std::vector<ObservedVirtualServer>> TableReader::observe(
    std::span<const VirtualServerId> ids) {
  return door_->table.observe(ids);
}

}  // namespace ipvs
