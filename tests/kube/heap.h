// How much of the heap is in use: what tests of memory compare.
#pragma once

#include <malloc.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of <sanitizer/allocator_interface.h>, which gcc's packages lack.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace kube {

// Bytes allocated and not yet freed, in the whole program.
inline std::size_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

}  // namespace kube
