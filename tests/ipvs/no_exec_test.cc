#include "ipvs/no_exec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <thread>

namespace ipvs {
namespace {

// The exit code of a child that does `work`, for what it gives up is given up for ever.
int in_a_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kRan = 0;  // what /bin/true ends with
constexpr int kNotGivenUp = 100;

int exec_true() {
  std::array<char*, 2> words{const_cast<char*>("true"), nullptr};  // NOLINT: execve's signature
  execv("/bin/true", words.data());
  return errno;
}

TEST(NoExec, AProgramRunsUntilItIsGivenUp) { EXPECT_EQ(in_a_child(exec_true), kRan); }

TEST(NoExec, NoProgramRunsAfterwards) {
  EXPECT_EQ(in_a_child([] { return give_up_exec() ? kNotGivenUp : exec_true(); }), EPERM);
}

TEST(NoExec, NorFromAThreadThatIsStartedLater) {
  EXPECT_EQ(in_a_child([] {
              if (give_up_exec()) return kNotGivenUp;
              int result = 0;
              std::thread([&] { result = exec_true(); }).join();
              return result;
            }),
            EPERM);
}

TEST(NoExec, NorByDescriptor) {
  EXPECT_EQ(in_a_child([] {
              const int file = open("/bin/true", O_RDONLY | O_CLOEXEC);
              if (file < 0 || give_up_exec()) return kNotGivenUp;
              std::array<char*, 2> words{const_cast<char*>("true"), nullptr};  // NOLINT
              fexecve(file, words.data(), environ);
              return errno;
            }),
            EPERM);
}

TEST(NoExec, EverythingElseGoesOn) {
  EXPECT_EQ(in_a_child([] { return give_up_exec() ? kNotGivenUp : fork() < 0 ? 1 : 0; }), 0);
}

}  // namespace
}  // namespace ipvs
