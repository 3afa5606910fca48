#include "reconcile/node_reading.h"

#include <sched.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <thread>

#include "ipvs/kube_proxy_cleaner.h"
#include "ipvs/netlink_kernel.h"
#include "ipvs/sysctl.h"
#include "ipvs/table_reader.h"
#include "reconcile/command.h"
#include "reconcile/configured_node.h"
#include "reconcile/scheduler_trial.h"

namespace reconcile {
namespace {

namespace fs = std::filesystem;

void read_tables(const AgentConfig& config, NodeReading& reading) {
  const auto node = node_config(config, "", std::thread::hardware_concurrency());
  auto kernel = ipvs::NetlinkKernel::open(kernel_settings(node));
  const auto read = kernel ? (*kernel)->observe() : tl::unexpected(kernel.error());
  if (!read) {
    reading.door_error = ipvs::to_string(read.error());
    return;
  }
  for (const auto& step : settings_steps(node.settings, read->timeouts, read->sysctls)) {
    reading.unset.push_back(ipvs::to_string(step));
  }
  reading.service_addresses.insert(read->bound.begin(), read->bound.end());
}

void read_sync_daemons(NodeReading& reading) {
  auto table = ipvs::TableReader::open();
  const auto daemons = table ? table->daemons() : tl::unexpected(table.error());
  if (daemons) reading.sync_daemons = daemons->size();
}

void read_leftovers(NodeReading& reading) {
  auto cleaner = ipvs::KubeProxyCleaner::open();
  const auto found = cleaner ? cleaner->find() : tl::unexpected(cleaner.error());
  if (!found) return;
  reading.kube_proxy_leftovers = found->chains.size() + found->jumps.size() + found->sets.size();
}

void read_sysctls(NodeReading& reading) {
  for (const auto& path : checked_sysctls()) {
    if (auto value = ipvs::read_sysctl(path)) reading.sysctls.emplace(path, *std::move(value));
  }
}

void read_bridges(NodeReading& reading) {
  std::error_code ignored;
  for (const auto& link : fs::directory_iterator("/sys/class/net", ignored)) {
    if (fs::exists(link.path() / "bridge", ignored)) {
      reading.bridges.push_back(link.path().filename());
    }
  }
  std::sort(reading.bridges.begin(), reading.bridges.end());
}

void read_processes(NodeReading& reading) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    if (!fs::exists(entry.path() / "comm", ignored)) continue;
    auto name = read_whole_file(entry.path() / "comm");
    if (name && !name->empty()) reading.processes.insert(name->substr(0, name->find('\n')));
  }
}

// Why a virtual server with that scheduler cannot be made; empty: it can. Nothing: not allowed to
// try. Runs on a thread that ends with its namespace.
std::optional<std::string> try_in_own_namespace(const std::string& scheduler) {
  if (unshare(CLONE_NEWNET) != 0) return std::nullopt;
  auto kernel = ipvs::NetlinkKernel::open();
  if (!kernel) return ipvs::to_string(kernel.error());
  const auto refused = try_scheduler(**kernel, scheduler);
  return refused ? ipvs::to_string(*refused) : std::string();
}

void read_scheduler(const std::string& scheduler, NodeReading& reading) {
  std::thread([&] { reading.scheduler_error = try_in_own_namespace(scheduler); }).join();
}

}  // namespace

NodeReading read_node(const AgentConfig& config) {
  NodeReading reading;
  if (auto version = read_whole_file("/proc/version")) reading.proc_version = *std::move(version);
  read_tables(config, reading);
  read_scheduler(config.scheduler, reading);
  read_sync_daemons(reading);
  read_leftovers(reading);
  read_sysctls(reading);
  read_bridges(reading);
  read_processes(reading);
  std::error_code ignored;
  reading.ftp_helper = fs::exists("/sys/module/ip_vs_ftp", ignored);
  return reading;
}

std::vector<ipvs::Address> addresses_of(const std::string& host) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::resolver resolver(io);
  boost::system::error_code unknown;
  std::vector<ipvs::Address> addresses;
  for (const auto& entry : resolver.resolve(host, "", unknown)) {
    addresses.push_back(entry.endpoint().address());
  }
  return addresses;
}

}  // namespace reconcile
