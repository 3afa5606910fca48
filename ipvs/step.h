// One change to the node, as a value: what a plan is made of and what the kernel door writes.
//
// A step names everything it needs; nothing is looked up when it is written. Plain values: any
// thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ipvs/ruleset.h"
#include "ipvs/timeouts.h"
#include "ipvs/virtual_server.h"

namespace ipvs {

struct AddVirtualServer {
  VirtualServerId id;
  VirtualServer settings;
  friend bool operator==(const AddVirtualServer&, const AddVirtualServer&) = default;
};
struct EditVirtualServer {  // in place; keeps its connections and counters
  VirtualServerId id;
  VirtualServer settings;
  friend bool operator==(const EditVirtualServer&, const EditVirtualServer&) = default;
};
struct DeleteVirtualServer {  // with its real servers
  VirtualServerId id;
  friend bool operator==(const DeleteVirtualServer&, const DeleteVirtualServer&) = default;
};
struct AddRealServer {
  VirtualServerId parent;
  RealServerId id;
  RealServer settings;
  friend bool operator==(const AddRealServer&, const AddRealServer&) = default;
};
struct EditRealServer {  // in place; keeps its connections and counters
  VirtualServerId parent;
  RealServerId id;
  RealServer settings;
  friend bool operator==(const EditRealServer&, const EditRealServer&) = default;
};
struct DeleteRealServer {  // resets the connections it still has
  VirtualServerId parent;
  RealServerId id;
  friend bool operator==(const DeleteRealServer&, const DeleteRealServer&) = default;
};
struct CreateLink {  // the dummy interface kube-ipvs0, NOARP and left down
  friend bool operator==(const CreateLink&, const CreateLink&) = default;
};
struct BindAddress {  // to kube-ipvs0, as /32 or /128
  Address address;
  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};
struct UnbindAddress {
  Address address;
  friend bool operator==(const UnbindAddress&, const UnbindAddress&) = default;
};
struct InstallRules {  // the table's skeleton, in one transaction; existing elements stay
  friend bool operator==(const InstallRules&, const InstallRules&) = default;
};
struct AddElement {
  SetElement element;
  friend bool operator==(const AddElement&, const AddElement&) = default;
};
struct DeleteElement {
  SetElement element;
  friend bool operator==(const DeleteElement&, const DeleteElement&) = default;
};
// Forgets conntrack's flows to the UDP virtual server `id` whose answers come from none of `keep`:
// a client that keeps its source port would otherwise stay with a pod that is gone. Others' flows
// are not touched; no such flow is no error.
struct ForgetFlows {
  VirtualServerId id;
  std::vector<RealServerId> keep;  // sorted
  friend bool operator==(const ForgetFlows&, const ForgetFlows&) = default;
};
// IPVS's time-outs of idle connections. A value of 0 leaves the kernel's as it is.
struct SetTimeouts {
  Timeouts timeouts;
  friend bool operator==(const SetTimeouts&, const SetTimeouts&) = default;
};
struct WriteSysctl {  // path below /proc/sys, with slashes; read back after writing
  std::string path;
  std::string value;
  friend bool operator==(const WriteSysctl&, const WriteSysctl&) = default;
};

using Step =
    std::variant<AddVirtualServer, EditVirtualServer, DeleteVirtualServer, AddRealServer,
                 EditRealServer, DeleteRealServer, CreateLink, BindAddress, UnbindAddress,
                 InstallRules, AddElement, DeleteElement, ForgetFlows, SetTimeouts, WriteSysctl>;

// The step in the administrator's own language: a line for `ipvsadm -R`, an `ip` or an `nft`
// command. No line end. E.g. "-a -t 10.96.0.10:53 -r 10.244.1.2:53 -m -w 1".
[[nodiscard]] std::string to_string(const Step& step);

}  // namespace ipvs
