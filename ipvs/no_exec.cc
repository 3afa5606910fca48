#include "ipvs/no_exec.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace ipvs {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
// Numbers from here on are those of the x32 ABI, which has an execve of its own.
constexpr std::uint32_t kForeign = 0x40000000;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeign = 0xffffffff;
#else
#error "name the AUDIT_ARCH_ of this processor (linux/audit.h)"
#endif

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

// Loads one member of the call's seccomp_data.
constexpr sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}

// Jumps over so many instructions, `yes` if what is loaded compares so with `value`.
constexpr sock_filter jump(std::uint16_t how, std::uint32_t value, std::uint8_t yes,
                           std::uint8_t no) {
  return {static_cast<std::uint16_t>(BPF_JMP | BPF_K | how), yes, no, value};
}

constexpr sock_filter answer(std::uint32_t what) { return {BPF_RET | BPF_K, 0, 0, what}; }

constexpr std::array kFilter{
    load(offsetof(seccomp_data, arch)),
    jump(BPF_JEQ, kArchitecture, 0, 4),
    load(offsetof(seccomp_data, nr)),
    jump(BPF_JGE, kForeign, 2, 0),
    jump(BPF_JEQ, SYS_execve, 1, 0),
    jump(BPF_JEQ, SYS_execveat, 0, 1),
    answer(kRefuse),
    answer(SECCOMP_RET_ALLOW),
};

std::error_code last_error() { return {errno, std::system_category()}; }

}  // namespace

std::error_code give_up_exec() {
  auto filter = kFilter;
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return last_error();
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return last_error();
  return {};
}

}  // namespace ipvs
