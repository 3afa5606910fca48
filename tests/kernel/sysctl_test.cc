// The sysctls in a folder that stands for /proc/sys. The real one: privilege_test.cc.
#include "ipvs/sysctl.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

namespace {

namespace fs = std::filesystem;

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
  const std::string path_ = "net/ipv4/vs/conntrack";
  fs::path root_;
};

TEST_F(Sysctls, AreReadWithoutTheirLineEnd) {
  set(path_, "1");
  EXPECT_EQ(ipvs::read_sysctl(path_, root_), "1");
}

TEST_F(Sysctls, AreReadBackAfterWriting) {
  set(path_, "0");
  EXPECT_EQ(ipvs::write_sysctl(path_, "1", root_), 0);
  EXPECT_EQ(ipvs::read_sysctl(path_, root_), "1");
}

TEST_F(Sysctls, ThatKeepAnotherValueAreAnError) {
  fs::create_directories((root_ / path_).parent_path());
  fs::create_symlink("/dev/null", root_ / path_);  // takes everything, holds nothing
  EXPECT_EQ(ipvs::write_sysctl(path_, "1", root_), EIO);
}

TEST_F(Sysctls, ThatDoNotExistHaveNoValueAndCannotBeWritten) {
  EXPECT_EQ(ipvs::read_sysctl(path_, root_), std::nullopt);
  EXPECT_EQ(ipvs::write_sysctl(path_, "1", root_), ENOENT);
}

}  // namespace
