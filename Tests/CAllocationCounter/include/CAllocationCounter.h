// Counts the allocations of a thread, for tests of code that must not allocate.
#pragma once

// How often this thread has asked for memory; -1 where that is not counted: outside glibc, and in
// builds whose sanitizer has an allocator of its own.
long csk_allocations_of_thread(void);
