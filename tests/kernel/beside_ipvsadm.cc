#include "tests/kernel/beside_ipvsadm.h"

#include <cerrno>
#include <sstream>

#include "reconcile/status.h"
#include "tests/kernel/command.h"

namespace {

// As command.h has it: the exit code, and stdout with stderr behind it.
CommandResult ours(const Arguments& arguments) {
  const auto request = reconcile::parse_ipvsadm_arguments(arguments);
  if (!request) return {.code = request.error().code, .output = request.error().text};
  auto kernel = ipvs::TableReader::open();
  if (!kernel) return {.code = 2, .output = to_string(kernel.error())};
  const auto text = reconcile::status_text(*kernel, *request);
  if (text) return {.code = 0, .output = *text};
  const bool absent = text.error().code == ESRCH;
  return {.code = 1, .output = absent ? "No such service\n" : to_string(text.error())};
}

// A whole table in a failure message helps nobody.
std::string first_difference(const std::string& left, const std::string& right) {
  std::istringstream ours(left);
  std::istringstream theirs(right);
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool has_a = static_cast<bool>(std::getline(ours, a));
    const bool has_b = static_cast<bool>(std::getline(theirs, b));
    if (!has_a && !has_b) return "line ends differ";
    if (has_a && has_b && a == b) continue;
    return "line " + std::to_string(line) + "\nours:   [" + (has_a ? a : "<end>") + "]\ntheirs: [" +
           (has_b ? b : "<end>") + "]";
  }
}

std::string title(const Arguments& arguments) {
  std::string text = "ipvsadm";
  for (const auto& argument : arguments) text += " " + argument;
  return text;
}

}  // namespace

std::vector<Arguments> table_modes() {
  return {{"-Ln"},
          {"-l", "-n", "--nosort"},
          {"-Ln", "--stats"},
          {"-LnX", "--stats"},
          {"-Ln", "--stats", "--nosort"},
          {"-Ln", "--rate"},
          {"-Ln", "--rate", "--exact"},
          {"-Ln", "--thresholds"},
          {"-Ln", "--persistent-conn"},
          {"-Ln", "--tun-info"},
          {"-Ln", "--tun-info", "--nosort"},
          {"-Sn"}};
}

std::vector<Arguments> connection_modes() {
  return {{"-Lcn"}, {"-L", "-c", "-n", "--persistent-conn"}};
}

std::string difference_from_ipvsadm(const Arguments& arguments) {
  std::vector<std::string> command = {"ipvsadm"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto theirs = run(command);
  const auto mine = ours(arguments);
  if (mine.code != theirs.code) {
    return title(arguments) + ": exit code " + std::to_string(mine.code) + ", theirs " +
           std::to_string(theirs.code);
  }
  if (mine.output == theirs.output) return {};
  return title(arguments) + ": " + first_difference(mine.output, theirs.output);
}

std::string differences_from_ipvsadm() {
  for (const auto& mode : table_modes()) {
    if (auto difference = difference_from_ipvsadm(mode); !difference.empty()) return difference;
  }
  return {};
}
