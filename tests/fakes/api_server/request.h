// A request to an API server, taken apart: what of which collection, and the options.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/fakes/api_server/api_objects.h"
#include "tests/fakes/api_server/selector.h"

namespace fakes {

struct Request {
  Request(std::string method_name, std::string_view target, std::string content);

  // Empty: not given.
  [[nodiscard]] std::string option(const std::string& key) const;
  [[nodiscard]] std::uint64_t count(const std::string& key, std::uint64_t otherwise) const;
  [[nodiscard]] bool flag(const std::string& key) const;
  [[nodiscard]] Selector selector() const;

  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::string body;
  const Collection* collection = nullptr;  // nullptr: no collection of ours
  std::string namespace_name;
  std::string name;
};

}  // namespace fakes
