// ipvsadm's arguments, as far as they list: `ipvsadm -L …` and `ipvsadm -S …`, with its rules about
// what goes with what, its messages and its exit codes (ipvsadm(8), version 1.31).
//
// `kube-ipvs status` takes the same words without the command in front, and some of its own. What
// changes the table is refused: that is the agent's. Pure: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ipvs/listing.h"
#include "reconcile/service_address.h"

namespace reconcile {

enum class ListingSubject : std::uint8_t { kTable, kConnections, kTimeouts, kDaemons, kSaved };
enum class ListingOutput : std::uint8_t { kText, kWide, kJson, kYaml };

struct ListingRequest {
  ListingSubject subject = ListingSubject::kTable;
  ipvs::ListingFormat format = ipvs::ListingFormat::kDefault;
  bool numeric = false;
  bool exact = false;
  bool sorted = true;
  bool persistence_engine = false;  // of connections
  std::optional<ipvs::VirtualServerId> only;

  // What ipvsadm has not.
  bool names = false;    // the Service and the pod behind each line
  bool foreign = false;  // only what is not ours
  bool watch = false;    // again at each change
  ListingOutput output = ListingOutput::kText;
};

struct ListingUsage {
  std::string text;  // for stderr, with its line end; help (code 0) for stdout
  int code = 0;
};

// Called as `ipvsadm`: exactly its rules, but for host names in -t, -u and -f, which are not looked
// up.
[[nodiscard]] tl::expected<ListingRequest, ListingUsage> parse_ipvsadm_arguments(
    const std::vector<std::string>& arguments, const PortLookup& port_of = {});

// Called as `kube-ipvs status`: numeric, unless one says -L or -l and not -n, as with ipvsadm.
[[nodiscard]] tl::expected<ListingRequest, ListingUsage> parse_status_arguments(
    const std::vector<std::string>& arguments, const PortLookup& port_of = {});

}  // namespace reconcile
