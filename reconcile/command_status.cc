// kube-ipvs status, and ipvsadm where the program is called so: the kernel's table, as ipvsadm
// lists it. Reads the kernel itself, so it works with the agent down.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "ipvs/table_reader.h"
#include "reconcile/command.h"
#include "reconcile/listing_arguments.h"
#include "reconcile/status.h"
#include "reconcile/status_options.h"
#include "reconcile/system_names.h"

namespace reconcile {
namespace {

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

int show(const tl::expected<ListingRequest, ListingUsage>& request, CalledAs called) {
  auto kernel = ipvs::TableReader::open();
  if (!kernel && called == CalledAs::kIpvsadm) return cannot_open(kernel.error(), called);
  if (!request) {
    fmt::print(request.error().code == kDone ? stdout : stderr, "{}", request.error().text);
    return request.error().code;
  }
  if (!kernel) return cannot_open(kernel.error(), called);
  const auto text = status_text(*kernel, *request);
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
  auto* status = app.add_subcommand("status", "List the kernel's virtual servers as ipvsadm does");
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
