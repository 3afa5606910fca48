#include "ipvs/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

namespace ipvs {
namespace {

constexpr std::array<Sysctl, 4> kSysctls{{
    {"net/ipv4/vs/conntrack", "1", "our masquerade rules ask conntrack about IPVS connections"},
    {"net/ipv4/vs/expire_nodest_conn", "1",
     "a client of a deleted real server is told so and does not wait for its own time-out"},
    {"net/ipv4/vs/expire_quiescent_template", "1",
     "session affinity does not lead new connections to a real server that drains"},
    {"net/ipv4/ip_forward", "1",
     "real servers on other nodes and in pods are reached by forwarding"},
}};

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

// errno, 0 when it is written.
int write_value(const std::filesystem::path& path, std::string_view value) {
  const Descriptor file(path, O_WRONLY);
  if (file.value() < 0) return errno;
  return write(file.value(), value.data(), value.size()) < 0 ? errno : 0;
}

std::string remedy(int code, const Sysctl& sysctl) {
  const std::string setting = std::string(sysctl.path) + "=" + std::string(sysctl.value);
  const std::string need = " (needed because " + std::string(sysctl.reason) + ")";
  if (code == ENOENT) return "Load the kernel module ip_vs, then set " + setting + need;
  if (code == EROFS) {
    return "/proc/sys is read-only in this container: set " + setting +
           " on the node, or in a privileged init container" + need;
  }
  return "Set " + setting + " on the node" + need;
}

}  // namespace

std::optional<std::string> read_sysctl(std::string_view path, const std::filesystem::path& root) {
  const Descriptor file(root / path, O_RDONLY);
  if (file.value() < 0) return std::nullopt;
  std::array<char, 256> bytes{};
  const auto size = read(file.value(), bytes.data(), bytes.size());
  if (size < 0) return std::nullopt;
  std::string value(bytes.data(), static_cast<std::size_t>(size));
  value.erase(value.find_last_not_of("\n") + 1);
  return value;
}

int write_sysctl(std::string_view path, std::string_view value, const std::filesystem::path& root) {
  if (const int code = write_value(root / path, value); code != 0) return code;
  return read_sysctl(path, root) == value ? 0 : EIO;
}

std::vector<SysctlState> read_sysctls(const std::filesystem::path& root) {
  std::vector<SysctlState> states;
  std::transform(kSysctls.begin(), kSysctls.end(), std::back_inserter(states),
                 [&](const Sysctl& sysctl) {
                   return SysctlState{.wanted = sysctl, .current = read_sysctl(sysctl.path, root)};
                 });
  return states;
}

std::vector<Error> write_sysctls(const std::filesystem::path& root) {
  std::vector<Error> warnings;
  for (const SysctlState& state : read_sysctls(root)) {
    if (state.is_right()) continue;
    const int code = write_sysctl(state.wanted.path, state.wanted.value, root);
    if (code == 0) continue;
    warnings.push_back({.code = code,
                        .operation = "set sysctl",
                        .subject = std::string(state.wanted.path),
                        .remedy = remedy(code, state.wanted)});
  }
  return warnings;
}

}  // namespace ipvs
