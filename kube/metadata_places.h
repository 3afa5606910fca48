// The places of `metadata`, `kind` and a Status that several documents share; only for the
// decoders.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "kube/decode.h"
#include "kube/json_paths.h"

namespace kube {

struct MetadataDraft {
  Metadata metadata;
  std::string service_name;         // label kubernetes.io/service-name
  std::string zone;                 // label topology.kubernetes.io/zone
  bool deleting = false;            // deletionTimestamp is set
  bool initial_events_end = false;  // annotation of a bookmark
  std::optional<std::chrono::sys_time<std::chrono::milliseconds>> last_change;  // annotation
};

[[nodiscard]] const Place<MetadataDraft>& metadata_place();

[[nodiscard]] Place<Status> status_place();

// TCP, UDP or SCTP.
[[nodiscard]] Complaint set_protocol(Protocol& protocol, std::string_view text);

[[nodiscard]] Complaint set_port(std::uint16_t& port, std::int64_t value);

// "2026-11-23T03:51:50Z"
[[nodiscard]] Complaint set_time(std::chrono::sys_seconds& time, std::string_view text);

// The same, or with digits behind a point: "2026-11-23T03:51:50.123456789Z".
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_precise_time(
    std::string_view text);

// nullptr, or why the draft's kind or name cannot be `kind`'s.
[[nodiscard]] Complaint check_identity(std::string_view found_kind, std::string_view kind,
                                       const Metadata& metadata);

[[nodiscard]] DecodeError at(const NamespacedName& id, JsonError error);

}  // namespace kube
