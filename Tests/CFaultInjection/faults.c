// Stands in front of the C library: the linker takes these definitions first.
#define _GNU_SOURCE
#include "CFaultInjection.h"

#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CFI_HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(CFI_HAS_SANITIZER)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static _Thread_local struct {
  int armed;
  cfi_call call;
  int nth;
  int forever;
  int error;
  int seen;
} plan;

void cfi_arm(cfi_call call, int nth, int forever, int error) {
  plan.call = call;
  plan.nth = nth;
  plan.forever = forever;
  plan.error = error;
  plan.seen = 0;
  plan.armed = 1;
}

int cfi_disarm(void) {
  plan.armed = 0;
  return plan.seen;
}

int cfi_is_available(void) { return 1; }

// Whether this call is one that fails.
static int fails(cfi_call call) {
  if (!plan.armed || plan.call != call) return 0;
  plan.seen++;
  return plan.forever ? plan.seen >= plan.nth : plan.seen == plan.nth;
}

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (function == NULL) abort();
  return function;
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  if (fails(CFI_OPEN)) {
    errno = plan.error;
    return -1;
  }
  int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next(name);
  return real(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened("open64", path, flags, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) =
      (ssize_t(*)(int, const void *, size_t))next("write");
  if (fails(CFI_WRITE)) {
    if (plan.error == 0) return real(descriptor, bytes, count > 1 ? 1 : count);
    errno = plan.error;
    return -1;
  }
  return real(descriptor, bytes, count);
}

int fsync(int descriptor) {
  if (fails(CFI_FSYNC)) {
    errno = plan.error;
    return -1;
  }
  int (*real)(int) = (int (*)(int))next("fsync");
  return real(descriptor);
}

int rename(const char *from, const char *to) {
  if (fails(CFI_RENAME)) {
    errno = plan.error;
    return -1;
  }
  int (*real)(const char *, const char *) = (int (*)(const char *, const char *))next("rename");
  return real(from, to);
}
#else
void cfi_arm(cfi_call call, int nth, int forever, int error) {
  (void)call, (void)nth, (void)forever, (void)error;
}
int cfi_disarm(void) { return 0; }
int cfi_is_available(void) { return 0; }
#endif
