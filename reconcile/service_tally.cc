#include "reconcile/service_tally.h"

namespace reconcile {
namespace {

// "endpointslice web-x7k2p" is one of all those that say "endpointslice".
std::string_view kind_of(const Complaint& complaint) {
  const std::string_view field = complaint.field;
  return field.substr(0, field.find(' '));
}

}  // namespace

void ServiceTally::add(const ServiceState& state) {
  for (const auto& complaint : state.complaints) ++refused(kind_of(complaint));
  for (std::size_t family = 0; family < 2; ++family) {
    no_local_.internal[family] += state.no_local.internal[family] ? 1 : 0;
    no_local_.external[family] += state.no_local.external[family] ? 1 : 0;
  }
}

void ServiceTally::remove(const ServiceState& state) {
  for (const auto& complaint : state.complaints) --refused(kind_of(complaint));
  for (std::size_t family = 0; family < 2; ++family) {
    no_local_.internal[family] -= state.no_local.internal[family] ? 1 : 0;
    no_local_.external[family] -= state.no_local.external[family] ? 1 : 0;
  }
}

void ServiceTally::replace(const ServiceState& before, const ServiceState& after) {
  remove(before);
  add(after);
}

void ServiceTally::lost_claims(std::size_t before, std::size_t after) {
  auto& lost = refused("claim");
  lost = lost - before + after;
}

ServiceTally::Count& ServiceTally::refused(std::string_view field) {
  const auto known = refusals_.find(field);
  return known != refusals_.end() ? known->second : refusals_[std::string(field)];
}

}  // namespace reconcile
