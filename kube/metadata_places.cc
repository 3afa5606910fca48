#include "kube/metadata_places.h"

#include <algorithm>
#include <charconv>

namespace kube {
namespace {

constexpr std::size_t kMaxName = 253;

// Names end up in messages and request paths, so only what DNS names may hold is believed.
bool is_name(std::string_view text) {
  const auto may_stand = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
  };
  return text.size() <= kMaxName && std::all_of(text.begin(), text.end(), may_stand);
}

Complaint set_name(MetadataDraft& draft, std::string_view text) {
  if (text.empty() || !is_name(text)) return "is no name";
  draft.metadata.id.name = text;
  return nullptr;
}

Complaint set_namespace(MetadataDraft& draft, std::string_view text) {
  if (!is_name(text)) return "is no name";
  draft.metadata.id.namespace_name = text;
  return nullptr;
}

Complaint set_service_name(MetadataDraft& draft, std::string_view text) {
  if (!is_name(text)) return "is no name";
  draft.service_name = text;
  return nullptr;
}

Complaint set_uid(MetadataDraft& draft, std::string_view text) {
  if (!is_name(text)) return "is no uid";
  draft.metadata.uid = text;
  return nullptr;
}

Complaint set_resource_version(MetadataDraft& draft, std::string_view text) {
  if (!is_name(text)) return "is no resource version";
  draft.metadata.resource_version = text;
  return nullptr;
}

Complaint set_created(MetadataDraft& draft, std::string_view text) {
  return set_time(draft.metadata.created, text);
}

Complaint set_deleting(MetadataDraft& draft, std::string_view text) {
  draft.deleting = !text.empty();
  return nullptr;
}

// Nobody's decision depends on it and anybody may write it: what is no time is ignored.
Complaint set_last_change(MetadataDraft& draft, std::string_view text) {
  draft.last_change = parse_precise_time(text);
  return nullptr;
}

Complaint set_initial_events_end(MetadataDraft& draft, std::string_view text) {
  draft.initial_events_end = text == "true";
  return nullptr;
}

Complaint set_code(Status& status, std::int64_t value) {
  if (value < 0 || value > 999) return "is no HTTP status";
  status.code = static_cast<unsigned>(value);
  return nullptr;
}

Complaint set_retry_after(Status& status, std::int64_t value) {
  if (value < 0) return "is no number of seconds";
  status.retry_after = std::chrono::seconds(std::min<std::int64_t>(value, 3600));
  return nullptr;
}

Complaint set_cause(Status& status, std::string_view text) {
  status.version_too_large = status.version_too_large || text == "ResourceVersionTooLarge";
  return nullptr;
}

Status* next_cause(Status& status) { return &status; }

// Two or four digits of a time.
int digits(std::string_view text, std::size_t begin, std::size_t count) {
  int value = -1;
  const char* first = text.data() + begin;
  const auto [end, error] = std::from_chars(first, first + count, value);
  return error == std::errc() && end == first + count && value >= 0 ? value : -1;
}

constexpr std::string_view kWholeTime = "0000-00-00T00:00:00";

// A time without its zone.
std::optional<std::chrono::sys_seconds> parse_whole_time(std::string_view text) {
  if (text.size() != kWholeTime.size()) return std::nullopt;
  for (const std::size_t mark : {4U, 7U, 10U, 13U, 16U}) {
    if (text[mark] != kWholeTime[mark]) return std::nullopt;
  }
  const std::chrono::year_month_day day(
      std::chrono::year(digits(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(digits(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(digits(text, 8, 2))));
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (digits(text, 0, 4) < 0 || digits(text, 5, 2) < 0 || digits(text, 8, 2) < 0 || !day.ok() ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

const Place<MetadataDraft>& metadata_place() {
  static const auto place = object<MetadataDraft>({
      {"name", text<&set_name>()},
      {"namespace", text<&set_namespace>()},
      {"uid", text<&set_uid>()},
      {"resourceVersion", text<&set_resource_version>()},
      {"creationTimestamp", text<&set_created>()},
      {"deletionTimestamp", text<&set_deleting>()},
      {"labels", object<MetadataDraft>({
                     {"kubernetes.io/service-name", text<&set_service_name>()},
                     {"topology.kubernetes.io/zone", text<&MetadataDraft::zone>()},
                 })},
      {"annotations",
       object<MetadataDraft>({
           {"k8s.io/initial-events-end", text<&set_initial_events_end>()},
           {"endpoints.kubernetes.io/last-change-trigger-time", text<&set_last_change>()},
       })},
  });
  return place;
}

Place<Status> status_place() {
  return object<Status>({
      {"code", number<&set_code>()},
      {"reason", text<&Status::reason>()},
      {"message", text<&Status::message>()},
      {"details", object<Status>({
                      {"retryAfterSeconds", number<&set_retry_after>()},
                      {"causes", list<&next_cause>(object<Status>({
                                     {"reason", text<&set_cause>()},
                                 }))},
                  })},
  });
}

Complaint set_protocol(Protocol& protocol, std::string_view text) {
  if (text == "TCP") {
    protocol = Protocol::kTcp;
  } else if (text == "UDP") {
    protocol = Protocol::kUdp;
  } else if (text == "SCTP") {
    protocol = Protocol::kSctp;
  } else {
    return "is no protocol (TCP, UDP, SCTP)";
  }
  return nullptr;
}

Complaint set_port(std::uint16_t& port, std::int64_t value) {
  if (value < 1 || value > 65535) return "is no port (1..65535)";
  port = static_cast<std::uint16_t>(value);
  return nullptr;
}

Complaint set_time(std::chrono::sys_seconds& time, std::string_view text) {
  const auto parsed = parse_precise_time(text);
  if (!parsed || text.size() != kWholeTime.size() + 1) return "is no time (2006-01-02T15:04:05Z)";
  time = std::chrono::floor<std::chrono::seconds>(*parsed);
  return nullptr;
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_precise_time(
    std::string_view text) {
  const std::size_t size = kWholeTime.size();
  if (text.size() < size + 1 || text.back() != 'Z') return std::nullopt;
  const auto whole = parse_whole_time(text.substr(0, size));
  const std::string_view fraction = text.substr(size, text.size() - size - 1);
  if (!whole || fraction.empty()) return whole;
  const bool all_digits = std::all_of(fraction.begin() + 1, fraction.end(),
                                      [](char byte) { return byte >= '0' && byte <= '9'; });
  if (fraction.front() != '.' || fraction.size() < 2 || !all_digits) return std::nullopt;
  std::string thousandths(fraction.substr(1, 3));
  thousandths.resize(3, '0');
  return *whole + std::chrono::milliseconds(digits(thousandths, 0, 3));
}

Complaint check_identity(std::string_view found_kind, std::string_view kind,
                         const Metadata& metadata) {
  // The items of a List carry no kind.
  if (!found_kind.empty() && found_kind != kind) return "is of another kind than was asked for";
  if (metadata.id.name.empty()) return "has no name";
  return nullptr;
}

DecodeError at(const NamespacedName& id, JsonError error) {
  return {.id = id, .field = std::move(error.field), .reason = std::move(error.reason)};
}

}  // namespace kube
