// What every machine of an architecture runs: four lanes, SSE2 on x86-64, NEON on arm64.
#include "generic/order.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#define CSK_SET csk_baseline
#define CSK_SET_NAME "baseline"
#define CSK_VECTOR_BYTES 16
#define CSK_BLOCK 12
#define CSK_SUMS_BLOCK 6
#define CSK_WIDTHS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define CSK_HAS_MASKS 0

static int csk_is_supported(void) { return 1; }

typedef int32_t csk_ints __attribute__((vector_size(CSK_VECTOR_BYTES)));

static inline uint32_t csk_mask(csk_ints lanes) {
#if defined(__x86_64__)
  return (uint32_t)_mm_movemask_ps((__m128)lanes);
#else
  // arm64 and others. Not run on any machine of ours yet.
  csk_ints bits = lanes & (csk_ints){1, 2, 4, 8};
  return (uint32_t)(bits[0] | bits[1] | bits[2] | bits[3]);
#endif
}
static inline int csk_any(csk_ints lanes) { return csk_mask(lanes) != 0; }

#include "generic/kernels.h"
