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

// Gives the system what is free: after work that took much more than it keeps.
void trim_heap();

// Whether the kernel may use huge pages for what it gives from now on: not for a heap of so many
// bytes in use, if a processor's TLB reaches as far without (1,536 entries of 4 KiB and more).
// There all they do is to fill the holes that trimming made (khugepaged, within half a minute).
// PR_SET_THP_DISABLE.
void choose_pages(std::size_t heap);

}  // namespace reconcile
