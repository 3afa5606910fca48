// What a real kube-proxy 1.36 in ipvs mode has answered (tests/reconcile/recorded): its flags, its
// configuration, its metrics, its health.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "tests/source_root.h"

namespace kube_proxy {

inline std::string recorded(const std::string& name) {
  std::ifstream file(source_root() / "tests/reconcile/recorded" / name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of its /flagz: name to value.
inline std::map<std::string, std::string> flags() {
  std::map<std::string, std::string> flags;
  std::istringstream lines(recorded("flagz.txt"));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) flags[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return flags;
}

}  // namespace kube_proxy
