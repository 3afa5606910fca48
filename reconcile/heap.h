// What glibc's allocator has to know about this program: it runs for ever, and most of what it
// allocates it needs for moments.
#pragma once

namespace reconcile {

// One heap for both threads, which hardly ever allocate at once: with one each, what either has
// freed is of no use to the other. Large blocks go back to the system when they are freed, however
// large others have been. Call before the second thread is made.
void settle_heap();

// Gives the system what is free: after work that took much more than it keeps.
void trim_heap();

}  // namespace reconcile
