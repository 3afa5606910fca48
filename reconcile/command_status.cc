// kube-ipvs status, and ipvsadm where the program is called so: the kernel's table, as ipvsadm
// lists it. Reads the kernel itself, so it works with the agent down.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "ipvs/netlink_kernel.h"
#include "ipvs/table_reader.h"
#include "ipvs/words.h"
#include "reconcile/command.h"
#include "reconcile/control_client.h"
#include "reconcile/listing_arguments.h"
#include "reconcile/observed_state.h"
#include "reconcile/status.h"
#include "reconcile/status_options.h"
#include "reconcile/system_names.h"

namespace reconcile {
namespace {

using Text = ipvs::Result<std::string>;

constexpr auto kWatchPeriod = std::chrono::seconds(1);

// Who is asked decides how trouble is told.
enum class CalledAs : std::uint8_t { kStatus, kIpvsadm };

int cannot_open(const ipvs::Error& error, CalledAs called) {
  if (called == CalledAs::kStatus) {
    complain(ipvs::to_string(error));
  } else {
    const bool denied = error.code == EPERM || error.code == EACCES;
    fmt::print(stderr,
               "Can't initialize ipvs: {}\n"
               "Are you sure that IP Virtual Server is built in the kernel or as module?\n",
               denied ? "Permission denied (you must be root)" : std::strerror(ENOPROTOOPT));
  }
  return kWrongInvocation;
}

int cannot_read(const ipvs::Error& error) {
  if (error.code == ESRCH) {
    fmt::print(stderr, "No such service\n");
  } else {
    complain(ipvs::to_string(error));
  }
  return kFailed;
}

// "TCP 10.96.0.1:443<tab>default/kubernetes", a line each.
std::map<std::string, std::string> names_in(const std::string& text) {
  std::map<std::string, std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) names[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return names;
}

// Without an agent the table is shown all the same.
void add_names(StatusContext& context) {
  const auto text = ask_agent(default_control_socket(), "/names");
  if (!text) return complain(text.error());
  context.name_of = [names = names_in(*text)](const ipvs::VirtualServerId& id) {
    const auto found = names.find(ipvs::to_string(id));
    return found == names.end() ? std::string("<none>") : found->second;
  };
}

// Ours or not is written in the kernel, so no agent is asked.
ipvs::Result<std::set<ipvs::VirtualServerId>> read_foreign() {
  auto kernel = ipvs::NetlinkKernel::open({});
  if (!kernel) return tl::unexpected(kernel.error());
  const auto observation = (*kernel)->sweep();
  if (!observation) return tl::unexpected(observation.error());
  ObservedState state;
  state.replace(*observation);
  const auto foreign = state.foreign();
  return std::set<ipvs::VirtualServerId>(foreign.begin(), foreign.end());
}

Text text_with_context(ipvs::TableReader& kernel, const ListingRequest& request) {
  StatusContext context;
  const bool wants_names = request.names || request.output != ListingOutput::kText;
  if (wants_names && request.subject == ListingSubject::kTable) add_names(context);
  if (request.foreign) {
    auto foreign = read_foreign();
    if (!foreign) return tl::unexpected(foreign.error());
    context.only = *std::move(foreign);
  }
  return status_text(kernel, request, context);
}

// Prints the text whenever it is another one, until interrupted.
int follow(ipvs::TableReader& kernel, const ListingRequest& request) {
  std::string shown;
  while (true) {
    const auto text = text_with_context(kernel, request);
    if (!text) return cannot_read(text.error());
    if (*text != shown) print(*text);
    shown = *text;
    std::fflush(stdout);
    std::this_thread::sleep_for(kWatchPeriod);
  }
}

int show(const tl::expected<ListingRequest, ListingUsage>& request, CalledAs called) {
  auto kernel = ipvs::TableReader::open();
  if (!kernel && called == CalledAs::kIpvsadm) return cannot_open(kernel.error(), called);
  if (!request) {
    fmt::print(request.error().code == kDone ? stdout : stderr, "{}", request.error().text);
    return request.error().code;
  }
  if (!kernel) return cannot_open(kernel.error(), called);
  if (request->watch) return follow(*kernel, *request);
  const auto text = text_with_context(*kernel, *request);
  if (!text) return cannot_read(text.error());
  print(*text);
  return kDone;
}

}  // namespace

int run_status(const std::vector<std::string>& arguments) {
  return show(parse_status_arguments(arguments, system_port), CalledAs::kStatus);
}

int run_as_ipvsadm(const std::vector<std::string>& arguments) {
  return show(parse_ipvsadm_arguments(arguments, system_port), CalledAs::kIpvsadm);
}

// Only for help, completion and the man page: run_status() reads the words itself, with ipvsadm's
// rules.
void add_status_command(CLI::App& app, Action& chosen) {
  auto* status = add_subcommand(app, "status", "List the kernel's virtual servers as ipvsadm does");
  for (const auto& option : status_options()) {
    const auto names = option.short_name == 0
                           ? std::string(option.name)
                           : fmt::format("-{},{}", option.short_name, option.name);
    if (*option.value == 0) {
      status->add_flag(names)->description(option.text);
    } else {
      status->add_option(names)->type_name(option.value)->description(option.text);
    }
  }
  status->callback([&chosen] { chosen = [] { return run_status({}); }; });
}

}  // namespace reconcile
