// Stands in front of glibc's allocator: the linker takes these definitions first.
#define _GNU_SOURCE
#include "CAllocationCounter.h"

#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CSK_HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(CSK_HAS_SANITIZER)
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static _Thread_local long allocations;

long csk_allocations_of_thread(void) { return allocations; }

void *malloc(size_t bytes) {
  allocations++;
  return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
  allocations++;
  return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes) {
  allocations++;
  return __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  allocations++;
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  allocations++;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == NULL ? 12 : 0;  // ENOMEM
}
#else
long csk_allocations_of_thread(void) { return -1; }
#endif
