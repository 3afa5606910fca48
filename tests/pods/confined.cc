// confined [--user ID] FILTER PROGRAM [ARGUMENT…]: runs a program as a container runtime runs the
// agent's container under the manifests' securityContext, so that tests of the agent test that,
// too.
//
// One capability, NET_ADMIN; no new privileges; the seccomp filter of a file that lab/seccomp.py
// has made of the profile. With --user also another user than root, the capability being ambient:
// what Kubernetes cannot give yet. Order as in runc's standard_init_linux.go: the filter comes
// last.
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

constexpr unsigned kKept = CAP_NET_ADMIN;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "confined: " << what << ": " << std::strerror(errno) << "\n";
  std::exit(126);
}

void require(bool done, const std::string& what) {
  if (!done) fail(what);
}

void drop_bounding_set() {
  for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (capability == kKept) continue;
    require(prctl(PR_CAPBSET_DROP, capability) == 0, "dropping a capability");
  }
}

void become(unsigned user) {
  require(prctl(PR_SET_KEEPCAPS, 1) == 0, "keeping capabilities");
  require(syscall(SYS_setgroups, 0, nullptr) == 0, "dropping groups");
  require(syscall(SYS_setresgid, user, user, user) == 0, "changing the group");
  require(syscall(SYS_setresuid, user, user, user) == 0, "changing the user");
}

void keep_one_capability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  constexpr __u32 kBit = 1U << kKept;
  __user_cap_data_struct sets[2] = {{kBit, kBit, kBit}, {0, 0, 0}};
  require(syscall(SYS_capset, &header, &sets) == 0, "setting capabilities");
}

void load_filter(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  require(!bytes.empty() && bytes.size() % sizeof(sock_filter) == 0, "reading " + path);
  std::vector<sock_filter> filter(bytes.size() / sizeof(sock_filter));
  std::memcpy(filter.data(), bytes.data(), bytes.size());
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "giving up new privileges");
  require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "loading " + path);
}

std::optional<unsigned> take_user(std::span<char*>& words) {
  if (words.size() < 2 || std::string(words[0]) != "--user") return std::nullopt;
  const auto user = static_cast<unsigned>(std::stoul(words[1]));
  words = words.subspan(2);
  return user;
}

}  // namespace

int main(int argc, char** argv) {
  std::span<char*> words(argv + 1, static_cast<std::size_t>(argc - 1));
  const auto user = take_user(words);
  if (words.size() < 2) {
    std::cerr << "usage: confined [--user ID] FILTER PROGRAM [ARGUMENT...]\n";
    return 2;
  }
  drop_bounding_set();
  if (user) become(*user);
  keep_one_capability();
  if (user) {
    require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kKept, 0, 0) == 0, "raising NET_ADMIN");
  }
  load_filter(words[0]);
  execv(words[1], words.data() + 1);
  fail(words[1]);
}
