#include "reconcile/process_memory.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>

namespace reconcile {
namespace {

constexpr int kLargeBlock = 128 << 10;   // bytes; glibc's first guess, which it would raise
constexpr std::size_t kStack = 1 << 20;  // bytes
constexpr std::size_t kHeapWorthHugePages = 16 << 20;  // bytes

void settle_heap() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
}

void settle_stacks() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace

void settle_memory() {
  settle_heap();
  settle_stacks();
}

void trim_heap() {
  malloc_trim(0);
  const auto heap = mallinfo2();
  choose_pages(heap.uordblks + heap.hblkhd);
}

void choose_pages(std::size_t heap) {
  prctl(PR_SET_THP_DISABLE, heap < kHeapWorthHugePages ? 1 : 0, 0, 0, 0);
}

}  // namespace reconcile
