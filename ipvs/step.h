// One change to the node, as a value: what a plan is made of and what the kernel door writes.
//
// A step names everything it needs; nothing is looked up when it is written. Plain values: any
// thread.
#pragma once

#include <string>
#include <variant>

#include "ipvs/ruleset.h"
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

using Step = std::variant<AddVirtualServer, EditVirtualServer, DeleteVirtualServer, AddRealServer,
                          EditRealServer, DeleteRealServer, CreateLink, BindAddress, UnbindAddress,
                          InstallRules, AddElement, DeleteElement>;

// The step in the administrator's own language: a line for `ipvsadm -R`, an `ip` or an `nft`
// command. No line end. E.g. "-a -t 10.96.0.10:53 -r 10.244.1.2:53 -m -w 1".
[[nodiscard]] std::string to_string(const Step& step);

}  // namespace ipvs
