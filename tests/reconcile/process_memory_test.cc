#include "reconcile/process_memory.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <cstddef>
#include <thread>

namespace reconcile {
namespace {

constexpr std::size_t kHugePage = 2 << 20;  // bytes; x86-64, arm64 with pages of 4 KiB

std::size_t stack_of_a_new_thread() {
  std::size_t size = 0;
  std::thread([&] {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
  }).join();
  return size;
}

TEST(ProcessMemory, NoHugePageFitsIntoTheStackOfAThread) {
  settle_memory();
  EXPECT_LT(stack_of_a_new_thread(), kHugePage);
}

bool huge_pages_are_allowed() { return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0; }

TEST(ProcessMemory, ALargeHeapMayHaveHugePagesAndASmallOneNot) {
  choose_pages(8 << 20);
  EXPECT_FALSE(huge_pages_are_allowed());
  choose_pages(58 << 20);
  EXPECT_TRUE(huge_pages_are_allowed());
}

}  // namespace
}  // namespace reconcile
