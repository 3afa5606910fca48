// Something an object says that is not done, and why: for the log, for Events, for `explain`. Plain
// value: any thread.
#pragma once

#include <string>

namespace reconcile {

// What is said of one Service; everything else it says is done.
struct Complaint {
  std::string field;   // as the API spells it: "externalIPs"
  std::string value;   // what stands there: "127.0.0.1"
  std::string reason;  // why it is not done, and what to do: "a loopback address"

  friend bool operator==(const Complaint&, const Complaint&) = default;
};

// The reason of what is not for long, and no fault of the Service's.
inline constexpr const char* kWaitsForNodes = "waits until the addresses of all nodes are known";

// "externalIPs 127.0.0.1: a loopback address"
[[nodiscard]] inline std::string to_string(const Complaint& complaint) {
  return complaint.field + " " + complaint.value + ": " + complaint.reason;
}

}  // namespace reconcile
