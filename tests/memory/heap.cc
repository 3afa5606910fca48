#include "tests/memory/heap.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace heap {
namespace {

constexpr std::size_t kHeader = sizeof(std::size_t);  // glibc's, in front of each block

Use the_use;

void* taken(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  ++the_use.allocations;
  the_use.live += malloc_usable_size(block) + kHeader;
  the_use.peak = std::max(the_use.peak, the_use.live);
  return block;
}

void give_back(void* block) {
  if (block == nullptr) return;
  the_use.live -= malloc_usable_size(block) + kHeader;
  std::free(block);
}

}  // namespace

const Use& use() { return the_use; }
void forget_peak() { the_use.peak = the_use.live; }

}  // namespace heap

void* operator new(std::size_t size) { return heap::taken(std::malloc(size)); }
void* operator new[](std::size_t size) { return heap::taken(std::malloc(size)); }
void operator delete(void* block) noexcept { heap::give_back(block); }
void operator delete[](void* block) noexcept { heap::give_back(block); }
void operator delete(void* block, std::size_t) noexcept { heap::give_back(block); }
void operator delete[](void* block, std::size_t) noexcept { heap::give_back(block); }
