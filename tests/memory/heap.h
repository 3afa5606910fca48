// What operator new has given out: linking this counts every allocation of the program.
//
// Bytes are what the allocator really uses for a block, its own header included. For programs whose
// measured part runs on one thread.
#pragma once

#include <cstddef>

namespace heap {

struct Use {
  std::size_t allocations = 0;  // ever
  std::size_t live = 0;         // bytes
  std::size_t peak = 0;         // bytes; the most that was live since forget_peak()
};

[[nodiscard]] const Use& use();
void forget_peak();

}  // namespace heap
