// AVX-512 F, BW, DQ and VL: sixteen lanes, masks, and rows of 16-bit weights.
#if defined(__x86_64__)
#include "generic/order.h"

#include <immintrin.h>

#define CSK_SET csk_avx512
#define CSK_SET_NAME "avx512"
#define CSK_VECTOR_BYTES 64
#define CSK_BLOCK 16
#define CSK_SUMS_BLOCK 14
#define CSK_WIDTHS(X)                                                                 \
  X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define CSK_HAS_MASKS 1
#define CSK_INT16_ROWS "../avx512_int16.h"

static int csk_is_supported(void) {
  // These builtins ask the processor, and the operating system whether it saves the registers.
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)

typedef int32_t csk_ints __attribute__((vector_size(CSK_VECTOR_BYTES)));
typedef float csk_floats __attribute__((vector_size(CSK_VECTOR_BYTES)));

static inline uint32_t csk_mask(csk_ints lanes) {
  return _mm512_movepi32_mask((__m512i)lanes);
}
static inline int csk_any(csk_ints lanes) { return csk_mask(lanes) != 0; }

// phi -= quantum where phi > quantum / 2; returns the lanes.
static inline __attribute__((always_inline)) uint32_t csk_masked_fire_float(void *phi,
                                                                            int32_t quantum) {
  __m512 before = *(__m512_u *)phi;
  __mmask16 fired = _mm512_cmp_ps_mask(before, _mm512_set1_ps(0.5f), _CMP_GT_OQ);
  *(__m512_u *)phi = _mm512_mask_sub_ps(before, fired, before, _mm512_set1_ps((float)quantum));
  return fired;
}

static inline __attribute__((always_inline)) uint32_t csk_masked_fire_int32(void *phi,
                                                                            int32_t quantum) {
  __m512i before = *(__m512i_u *)phi;
  __mmask16 fired = _mm512_cmpgt_epi32_mask(before, _mm512_set1_epi32(quantum / 2));
  *(__m512i_u *)phi = _mm512_mask_sub_epi32(before, fired, before, _mm512_set1_epi32(quantum));
  return fired;
}

// one * w + z: see branchless.h.
static inline __attribute__((always_inline)) csk_floats csk_fused_sum(csk_floats z, csk_floats w,
                                                                      csk_floats one) {
  return (csk_floats)_mm512_fmadd_ps((__m512)w, (__m512)one, (__m512)z);
}

// Sixteen weights of 16 bits, in 32.
static inline csk_ints csk_widened(const int16_t *weights) {
  return (csk_ints)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)weights));
}

#include "generic/kernels.h"
#pragma clang attribute pop
#endif
