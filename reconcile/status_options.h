// The options of `kube-ipvs status`, for help, completion and the man page. Plain values: any
// thread.
#pragma once

#include <vector>

namespace reconcile {

struct ListingOption {
  const char* name;   // "--stats"
  char short_name;    // 0: none
  const char* value;  // what it takes; empty: nothing
  const char* text;
};

[[nodiscard]] const std::vector<ListingOption>& status_options();

}  // namespace reconcile
