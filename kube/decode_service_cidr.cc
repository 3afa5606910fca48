#include "kube/drafts.h"

namespace kube {
namespace {

constexpr std::size_t kMaxCidrs = 2;  // one of each family

Complaint add_cidr(Draft<ServiceCidr>& draft, std::string_view text) {
  if (draft.cidrs.size() == kMaxCidrs) return "is one more than is allowed";
  draft.cidrs.emplace_back(text);
  return nullptr;
}

}  // namespace

const Place<Draft<ServiceCidr>>& Draft<ServiceCidr>::place() {
  static const auto place = object<Draft>({
      {"kind", text<&Draft::kind>()},
      {"metadata", within<&Draft::metadata>(metadata_place())},
      {"spec", object<Draft>({
                   {"cidrs", list(text<&add_cidr>())},
               })},
  });
  return place;
}

tl::expected<Decoded<ServiceCidr>, JsonError> Draft<ServiceCidr>::finish() {
  LeftOut left_out;
  ServiceCidr made{.metadata = std::move(metadata.metadata), .ranges = {}};
  for (const std::string& candidate : cidrs) {
    if (const auto range = parse_cidr_range(candidate)) {
      made.ranges.push_back(*range);
    } else {
      left_out.add("spec.cidrs", candidate, "is no range of addresses");
    }
  }
  return Decoded<ServiceCidr>{.object = std::move(made), .left_out = left_out.text()};
}

template class Decoder<ServiceCidr>;

}  // namespace kube
