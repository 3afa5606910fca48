// The sysctls in a folder that stands for /proc/sys. The real one: privilege_test.cc.
#include "ipvs/sysctl.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Sysctls : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sysctl-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void set(const std::string& path, const std::string& value) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << value << '\n';
  }
  void set_all(const std::string& value) const {
    for (const auto& state : ipvs::read_sysctls(root_)) set(std::string(state.wanted.path), value);
  }

  fs::path root_;
};

TEST_F(Sysctls, GiveAReasonForEach) {
  const auto states = ipvs::read_sysctls(root_);
  EXPECT_EQ(states.size(), 4U);
  for (const auto& state : states) EXPECT_FALSE(state.wanted.reason.empty());
}

TEST_F(Sysctls, AreWrittenWhereTheyDiffer) {
  set_all("0");
  EXPECT_TRUE(ipvs::write_sysctls(root_).empty());
  for (const auto& state : ipvs::read_sysctls(root_))
    EXPECT_TRUE(state.is_right()) << state.wanted.path;
}

TEST_F(Sysctls, AreLeftAloneWhereTheyAreRight) {
  set_all("1");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& state : ipvs::read_sysctls(root_)) {
    fs::last_write_time(root_ / state.wanted.path, long_ago);
  }
  EXPECT_TRUE(ipvs::write_sysctls(root_).empty());
  for (const auto& state : ipvs::read_sysctls(root_)) {
    EXPECT_EQ(fs::last_write_time(root_ / state.wanted.path), long_ago) << state.wanted.path;
  }
}

TEST_F(Sysctls, WarnOfOneThatDoesNotExist) {
  set_all("1");
  fs::remove(root_ / "net/ipv4/vs/conntrack");
  const auto warnings = ipvs::write_sysctls(root_);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().code, ENOENT);
  EXPECT_THAT(to_string(warnings.front()), HasSubstr("cannot set sysctl net/ipv4/vs/conntrack"));
  EXPECT_THAT(warnings.front().remedy, HasSubstr("Load the kernel module ip_vs"));
}

}  // namespace
