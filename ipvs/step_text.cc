#include "ipvs/step_text.h"

#include <fmt/core.h>

#include "ipvs/ruleset_text.h"
#include "ipvs/save_format.h"
#include "ipvs/words.h"

namespace ipvs {
namespace {

std::string host_prefix(const Address& address) {
  return address.to_string() + (address.is_v4() ? "/32" : "/128");
}

// Not in the save format, but in the step: a command that left them out would tell another story.
std::string threshold_options(const RealServer& settings) {
  std::string text;
  if (settings.upper_threshold != 0) text += fmt::format(" -x {}", settings.upper_threshold);
  if (settings.lower_threshold != 0) text += fmt::format(" -y {}", settings.lower_threshold);
  return text;
}

// In the order of `ipvsadm --set`.
std::string timeouts_text(const Timeouts& timeouts) {
  return fmt::format("{} {} {}", timeouts.tcp.count(), timeouts.tcp_fin.count(),
                     timeouts.udp.count());
}

struct CommandText {
  static std::string service(const char* verb, const VirtualServerId& id,
                             const VirtualServer& settings) {
    return fmt::format("{} {} {}", verb, service_option(id), settings_options(id, settings));
  }
  static std::string server(const char* verb, const VirtualServerId& parent, const RealServerId& id,
                            const RealServer& settings) {
    return fmt::format("{} {} {} {}{}", verb, service_option(parent), server_option(id),
                       settings_options(settings), threshold_options(settings));
  }
  static std::string element(const char* verb, const SetElement& element) {
    return fmt::format("nft {} element inet kube-ipvs {} {{ {} }}", verb, set_text(element),
                       element_text(element));
  }

  std::string operator()(const AddVirtualServer& s) const {
    return service("-A", s.id, s.settings);
  }
  std::string operator()(const EditVirtualServer& s) const {
    return service("-E", s.id, s.settings);
  }
  std::string operator()(const DeleteVirtualServer& s) const {
    return "-D " + service_option(s.id);
  }
  std::string operator()(const AddRealServer& s) const {
    return server("-a", s.parent, s.id, s.settings);
  }
  std::string operator()(const EditRealServer& s) const {
    return server("-e", s.parent, s.id, s.settings);
  }
  std::string operator()(const DeleteRealServer& s) const {
    return fmt::format("-d {} {}", service_option(s.parent), server_option(s.id));
  }
  std::string operator()(const CreateLink&) const {
    return "ip link add kube-ipvs0 arp off type dummy";
  }
  std::string operator()(const BindAddress& s) const {
    // Without nodad an IPv6 address stays tentative for ever on a link that is down.
    return fmt::format("ip addr add {} dev kube-ipvs0{}", host_prefix(s.address),
                       s.address.is_v6() ? " nodad" : "");
  }
  std::string operator()(const UnbindAddress& s) const {
    return fmt::format("ip addr del {} dev kube-ipvs0", host_prefix(s.address));
  }
  std::string operator()(const InstallRules&) const { return "nft -f -  # table inet kube-ipvs"; }
  std::string operator()(const AddElement& s) const { return element("add", s.element); }
  std::string operator()(const DeleteElement& s) const { return element("delete", s.element); }
  std::string operator()(const ForgetFlows& s) const {
    std::string text =
        fmt::format("conntrack -D -p udp --orig-dst {} --orig-port-dst {}  # but answers from",
                    s.id.address.to_string(), s.id.port);
    if (s.keep.empty()) text += " none";
    for (const RealServerId& real : s.keep) text += " " + to_string(real);
    return text;
  }
  std::string operator()(const SetTimeouts& s) const {
    return "ipvsadm --set " + timeouts_text(s.timeouts);
  }
  std::string operator()(const WriteSysctl& s) const {
    return fmt::format("sysctl -w {}={}", s.path, s.value);
  }
};

struct OperationText {
  std::string_view operator()(const AddVirtualServer&) const { return "add virtual server"; }
  std::string_view operator()(const EditVirtualServer&) const { return "edit virtual server"; }
  std::string_view operator()(const DeleteVirtualServer&) const { return "delete virtual server"; }
  std::string_view operator()(const AddRealServer&) const { return "add real server"; }
  std::string_view operator()(const EditRealServer&) const { return "edit real server"; }
  std::string_view operator()(const DeleteRealServer&) const { return "delete real server"; }
  std::string_view operator()(const CreateLink&) const { return "create link"; }
  std::string_view operator()(const BindAddress&) const { return "bind address"; }
  std::string_view operator()(const UnbindAddress&) const { return "unbind address"; }
  std::string_view operator()(const InstallRules&) const { return "install nftables table"; }
  std::string_view operator()(const AddElement&) const { return "add set element"; }
  std::string_view operator()(const DeleteElement&) const { return "delete set element"; }
  std::string_view operator()(const ForgetFlows&) const { return "forget flows to"; }
  std::string_view operator()(const SetTimeouts&) const { return "set IPVS time-outs"; }
  std::string_view operator()(const WriteSysctl&) const { return "set sysctl"; }
};

struct SubjectText {
  static std::string server(const VirtualServerId& parent, const RealServerId& id) {
    return to_string(id) + " of " + to_string(parent);
  }
  static std::string element(const SetElement& element) {
    return fmt::format("{} {{ {} }}", set_text(element), element_text(element));
  }

  std::string operator()(const AddVirtualServer& s) const { return to_string(s.id); }
  std::string operator()(const EditVirtualServer& s) const { return to_string(s.id); }
  std::string operator()(const DeleteVirtualServer& s) const { return to_string(s.id); }
  std::string operator()(const AddRealServer& s) const { return server(s.parent, s.id); }
  std::string operator()(const EditRealServer& s) const { return server(s.parent, s.id); }
  std::string operator()(const DeleteRealServer& s) const { return server(s.parent, s.id); }
  std::string operator()(const CreateLink&) const { return "kube-ipvs0"; }
  std::string operator()(const BindAddress& s) const { return s.address.to_string(); }
  std::string operator()(const UnbindAddress& s) const { return s.address.to_string(); }
  std::string operator()(const InstallRules&) const { return "inet kube-ipvs"; }
  std::string operator()(const AddElement& s) const { return element(s.element); }
  std::string operator()(const DeleteElement& s) const { return element(s.element); }
  std::string operator()(const ForgetFlows& s) const { return to_string(s.id); }
  std::string operator()(const SetTimeouts& s) const { return timeouts_text(s.timeouts); }
  std::string operator()(const WriteSysctl& s) const { return s.path + "=" + s.value; }
};

}  // namespace

std::string to_string(const Step& step) { return std::visit(CommandText(), step); }

std::string_view operation_of(const Step& step) { return std::visit(OperationText(), step); }

std::string subject_of(const Step& step) { return std::visit(SubjectText(), step); }

Error error_of(const Step& step, int code) {
  return {.code = code,
          .operation = std::string(operation_of(step)),
          .subject = subject_of(step),
          .remedy = ""};
}

}  // namespace ipvs
