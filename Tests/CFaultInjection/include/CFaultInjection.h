// Test-only: lets the Nth call of this thread to a system function fail.
#pragma once
#include <stddef.h>

typedef enum { CFI_OPEN, CFI_WRITE, CFI_FSYNC, CFI_RENAME, CFI_CALLS } cfi_call;

// From now on, the calls of this thread to one function are counted, and the `nth` (from 1 on), or
// every one from it on where `forever` is not 0, fails with `error`. A write with `error` 0 writes
// only one byte in place of failing.
void cfi_arm(cfi_call call, int nth, int forever, int error);

// Ends that; returns how many calls there were.
int cfi_disarm(void);

// Whether calls can be made to fail in this build.
int cfi_is_available(void);
