#include "reconcile/command.h"

#include <fmt/format.h>

namespace reconcile {

void print(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

void complain(std::string_view message) {
  const auto line = fmt::format("kube-ipvs: {}\n", message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace reconcile
