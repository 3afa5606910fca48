// A file is seen to change, whichever way it is changed.
#include "reconcile/file_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <fstream>

namespace reconcile {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class AFileWatch : public testing::Test {
 protected:
  AFileWatch() {
    fs::create_directories(folder_);
    write(folder_ / "config", "a");
  }
  ~AFileWatch() override { fs::remove_all(folder_); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

  void watch() {
    watch_ = std::make_unique<FileWatch>(io_.get_executor(), folder_ / "config", known_, 1ms,
                                         [this] { ++changes_; });
    boost::asio::co_spawn(io_, watch_->run(), [this](const std::exception_ptr& error) {
      EXPECT_FALSE(error);
      ended_ = true;
    });
  }

  template <class Condition>
  bool eventually(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < give_up) io_.run_one_for(10ms);
    return condition();
  }

  void TearDown() override {
    watch_->stop();
    EXPECT_TRUE(eventually([this] { return ended_; }));
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("file_watch_" + std::to_string(::getpid()));
  boost::asio::io_context io_{1};
  std::unique_ptr<FileWatch> watch_;
  std::string known_ = "=a";
  int changes_ = 0;
  bool ended_ = false;
};

TEST(Settled, WaitsUntilTheWriterIsDone) {
  Settled file("all of it");
  EXPECT_FALSE(file.is_new("all of it"));
  EXPECT_FALSE(file.is_new(""));
  EXPECT_FALSE(file.is_new("some"));
  EXPECT_FALSE(file.is_new("some and more"));
  EXPECT_TRUE(file.is_new("some and more"));
  EXPECT_FALSE(file.is_new("some and more"));
}

TEST_F(AFileWatch, SaysNothingOfAFileThatIsWrittenAnewWithTheSameText) {
  watch();
  write(folder_ / "config", "a");
  io_.run_for(20ms);
  EXPECT_EQ(changes_, 0);
}

TEST_F(AFileWatch, NoticesAFileWrittenInPlace) {
  watch();
  write(folder_ / "config", "b");
  EXPECT_TRUE(eventually([this] { return changes_ == 1; }));
}

// Somebody was quicker than the program's start.
TEST_F(AFileWatch, NoticesWhatChangedBeforeItBegan) {
  write(folder_ / "config", "b");
  watch();
  EXPECT_TRUE(eventually([this] { return changes_ == 1; }));
}

TEST_F(AFileWatch, NoticesAFileRenamedOver) {
  watch();
  write(folder_ / "new", "b");
  fs::rename(folder_ / "new", folder_ / "config");
  EXPECT_TRUE(eventually([this] { return changes_ == 1; }));
}

// config -> ..data/config, ..data -> a folder; kubelet renames a new ..data over the old one.
TEST_F(AFileWatch, NoticesWhatAConfigMapsVolumeDoes) {
  fs::remove(folder_ / "config");
  known_ = "=one";
  for (const auto* version : {"one", "two"}) {
    fs::create_directory(folder_ / version);
    write(folder_ / version / "config", version);
  }
  fs::create_directory_symlink("one", folder_ / "..data");
  fs::create_symlink("..data/config", folder_ / "config");
  watch();
  fs::create_directory_symlink("two", folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  EXPECT_TRUE(eventually([this] { return changes_ == 1; }));
}

TEST_F(AFileWatch, NoticesThatAFileIsGoneOnceAndThatItIsBack) {
  watch();
  fs::remove(folder_ / "config");
  EXPECT_TRUE(eventually([this] { return changes_ == 1; }));
  io_.run_for(20ms);
  EXPECT_EQ(changes_, 1);
  write(folder_ / "config", "a");
  EXPECT_TRUE(eventually([this] { return changes_ == 2; }));
}

}  // namespace
}  // namespace reconcile
