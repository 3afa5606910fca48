// What glibc has to know about this program's memory: it runs for ever, and most of what it
// allocates it needs for moments.
#pragma once

#include <cstddef>

namespace reconcile {

// Call before the second thread is made.
//
// One heap for both threads, which hardly ever allocate at once: with one each, what either has
// freed is of no use to the other. Large blocks go back to the system when they are freed, however
// large others have been.
//
// Stacks smaller than a huge page. Where the kernel gives those unasked (Debian's setting of
// transparent_hugepage/enabled), glibc's 8 MiB begin with 2 MiB of memory, of which a thread of
// ours uses some pages.
void settle_memory();

// Gives the system what is free, and chooses pages for what is left: after work that took much more
// than it keeps.
void trim_heap();

// Whether the kernel may use huge pages for what it gives from now on, by the heap's bytes in use:
// not below 16 MiB, where they fill the holes that trimming made (khugepaged, within half a
// minute), and where a processor's TLB reaches a good part of it without. PR_SET_THP_DISABLE.
void choose_pages(std::size_t heap);

}  // namespace reconcile
