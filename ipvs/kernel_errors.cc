#include "ipvs/kernel_errors.h"

#include <cerrno>

#include "ipvs/step_text.h"

namespace ipvs {
namespace {

std::string general_remedy(int code) {
  switch (code) {
    case EPERM:
    case EACCES:
      return "Grant CAP_NET_ADMIN in the initial user namespace (hostUsers: false does not do)";
    case ENOBUFS:
    case ETIMEDOUT:
      return "It may have been done or not: the next read of the table will tell";
    case EINTR:
      return "The table kept changing while it was read: read it again";
    case EBADMSG:
      return "The kernel's answer could not be understood: please report its version";
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
      return "This kernel is built without netlink for it; run on another kernel";
    default:
      return {};
  }
}

std::string missing_subsystem_remedy(KernelDoor door) {
  switch (door) {
    case KernelDoor::kIpvs:
      return "Load the kernel module ip_vs (`modprobe ip_vs`); if there is no such "
             "module, this kernel is built without CONFIG_IP_VS";
    case KernelDoor::kRules:
      return "Load the kernel module nf_tables; if there is no such module, this kernel is built "
             "without "
             "CONFIG_NF_TABLES_INET";
    case KernelDoor::kFlows:
      return "Load the kernel module nf_conntrack_netlink; if there is no such module, this kernel "
             "is built without CONFIG_NF_CT_NETLINK";
    case KernelDoor::kAddresses:
    case KernelDoor::kSysctls:
      break;
  }
  return {};
}

std::string operation(KernelDoor door) {
  switch (door) {
    case KernelDoor::kIpvs:
      return "open IPVS";
    case KernelDoor::kAddresses:
      return "open rtnetlink";
    case KernelDoor::kRules:
      return "open nftables";
    case KernelDoor::kFlows:
      return "open conntrack";
    case KernelDoor::kSysctls:
      return "open sysctls";
  }
  return {};
}

std::string sysctl_remedy(int code) {
  if (code == ENOENT) return "Load the kernel module that it belongs to (ip_vs for net/ipv4/vs)";
  if (code == EROFS || code == EACCES || code == EPERM) {
    return "/proc/sys is read-only in this container: set it on the node, or in a privileged init "
           "container";
  }
  if (code == EIO) return "The kernel took it and holds another value: ask who else sets it";
  return "Set it on the node";
}

// What a bare errno of this very step means.
std::string remedy(const Step& step, int code) {
  const auto* added = std::get_if<AddVirtualServer>(&step);
  const auto* edited = std::get_if<EditVirtualServer>(&step);
  if (code == ENOENT && (added != nullptr || edited != nullptr)) {
    const auto& scheduler =
        added != nullptr ? added->settings.scheduler : edited->settings.scheduler;
    return "Load the scheduler's module, ip_vs_" + scheduler;
  }
  if (code == ENODEV) return "The interface kube-ipvs0 is gone: it must be created first";
  if (std::holds_alternative<CreateLink>(step) && code == EOPNOTSUPP) {
    return "Load the kernel module dummy";
  }
  if (std::holds_alternative<BindAddress>(step) && (code == EACCES || code == EPERM)) {
    return "IPv6 may be disabled on kube-ipvs0 (net.ipv6.conf.kube-ipvs0.disable_ipv6), or "
           "CAP_NET_ADMIN is "
           "missing";
  }
  if (code == ENOTEMPTY) return "The range overlaps another of the same set: write one of them";
  if (std::holds_alternative<WriteSysctl>(step)) return sysctl_remedy(code);
  return general_remedy(code);
}

}  // namespace

Error open_error(KernelDoor door, int code) {
  const bool missing = code == ENOENT || code == EOPNOTSUPP || code == EINVAL;
  return {.code = code,
          .operation = operation(door),
          .subject = {},
          .remedy = missing ? missing_subsystem_remedy(door) : general_remedy(code)};
}

Error step_error(const Step& step, int code) {
  Error error = error_of(step, code);
  error.remedy = remedy(step, code);
  return error;
}

Error with_remedy(Error error) {
  if (error.remedy.empty()) error.remedy = general_remedy(error.code);
  return error;
}

}  // namespace ipvs
