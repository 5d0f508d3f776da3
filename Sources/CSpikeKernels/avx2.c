// AVX2: eight lanes.
#if defined(__x86_64__)
#include "generic/order.h"

#include <immintrin.h>

#define CSK_SET csk_avx2
#define CSK_SET_NAME "avx2"
#define CSK_VECTOR_BYTES 32
#define CSK_BLOCK 13
#define CSK_SUMS_BLOCK 7
#define CSK_WIDTHS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#define CSK_HAS_MASKS 0

static int csk_is_supported(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
}

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef int32_t csk_ints __attribute__((vector_size(CSK_VECTOR_BYTES)));

static inline uint32_t csk_mask(csk_ints lanes) {
  return (uint32_t)_mm256_movemask_ps((__m256)lanes);
}
static inline int csk_any(csk_ints lanes) { return csk_mask(lanes) != 0; }

#include "generic/kernels.h"
#pragma clang attribute pop
#endif
