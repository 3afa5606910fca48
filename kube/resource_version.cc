#include "kube/resource_version.h"

#include <algorithm>

namespace kube {
namespace {

bool is_comparable(std::string_view version) {
  return !version.empty() && version.front() != '0' &&
         std::all_of(version.begin(), version.end(),
                     [](char byte) { return byte >= '0' && byte <= '9'; });
}

}  // namespace

bool is_older(std::string_view version, std::string_view other) {
  if (!is_comparable(version) || !is_comparable(other)) return false;
  return version.size() != other.size() ? version.size() < other.size() : version < other;
}

}  // namespace kube
