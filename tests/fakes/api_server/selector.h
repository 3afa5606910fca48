// Label and field selectors, as far as a service proxy uses them: "!key", "key=value",
// "key!=value", joined by commas; fields metadata.name, metadata.namespace and spec.clusterIP.
// Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace fakes {

struct Selector {
  std::string labels;
  std::string fields;
  std::string namespace_name;  // empty: all

  [[nodiscard]] bool matches(const boost::json::object& object) const;
};

}  // namespace fakes
