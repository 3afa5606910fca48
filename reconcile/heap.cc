#include "reconcile/heap.h"

#include <malloc.h>

namespace reconcile {
namespace {

constexpr int kLargeBlock = 128 << 10;  // bytes; glibc's first guess, which it would raise

}  // namespace

void settle_heap() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
}

void trim_heap() { malloc_trim(0); }

}  // namespace reconcile
