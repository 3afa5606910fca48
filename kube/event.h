// What is told to Kubernetes as an Event (events.k8s.io/v1), as a value: any thread.
#pragma once

#include <functional>
#include <string>

#include "kube/objects.h"

namespace kube {

// What an Event is about.
struct ObjectReference {
  std::string api_version;  // "v1"
  std::string kind;         // "Node"
  NamespacedName id;
  std::string uid;
};

struct Event {
  std::string reason;  // for machines: "ListHeld"
  std::string action;  // what was done about it: "Hold"
  std::string note;    // for a person: what, why, what to do; cut at 1,000 bytes
  ObjectReference regarding;
  bool warning = true;
};

// Takes an Event; never blocks.
using EventSink = std::function<void(const Event&)>;

}  // namespace kube
