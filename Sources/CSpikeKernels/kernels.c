// Compiles kernels_body.h once for each instruction set, and lists the results, best first.
#include "include/CSpikeKernels.h"

#include "kernels_shared.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(                                                        \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))),   \
    apply_to = function)
#define CSK_SET avx512
#define CSK_SET_NAME "avx512"
#define CSK_VECTOR_BYTES 64
#define CSK_BLOCK 16
#define CSK_SUMS_BLOCK 14
#define CSK_WIDTHS(X)                                                                 \
  X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
typedef int32_t csk_ints_avx512 __attribute__((vector_size(64)));
static inline uint32_t mask_avx512(csk_ints_avx512 lanes) {
  return _mm512_movepi32_mask((__m512i)lanes);
}
static inline int any_avx512(csk_ints_avx512 lanes) { return mask_avx512(lanes) != 0; }
#define CSK_HAS_MASKS 1
#include "kernels_body.h"
#pragma clang attribute pop
#undef CSK_SET
#undef CSK_SET_NAME
#undef CSK_VECTOR_BYTES
#undef CSK_BLOCK
#undef CSK_SUMS_BLOCK
#undef CSK_HAS_MASKS
#undef CSK_WIDTHS

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define CSK_SET avx2
#define CSK_HAS_MASKS 0
#define CSK_SET_NAME "avx2"
#define CSK_VECTOR_BYTES 32
#define CSK_BLOCK 13
#define CSK_SUMS_BLOCK 7
#define CSK_WIDTHS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
typedef int32_t csk_ints_avx2 __attribute__((vector_size(32)));
static inline uint32_t mask_avx2(csk_ints_avx2 lanes) {
  return (uint32_t)_mm256_movemask_ps((__m256)lanes);
}
static inline int any_avx2(csk_ints_avx2 lanes) { return mask_avx2(lanes) != 0; }
#include "kernels_body.h"
#pragma clang attribute pop
#undef CSK_SET
#undef CSK_SET_NAME
#undef CSK_VECTOR_BYTES
#undef CSK_BLOCK
#undef CSK_SUMS_BLOCK
#undef CSK_WIDTHS
#undef CSK_HAS_MASKS
#endif

#define CSK_SET baseline
#define CSK_HAS_MASKS 0
#define CSK_SET_NAME "baseline"
#define CSK_VECTOR_BYTES 16
#define CSK_BLOCK 12
#define CSK_SUMS_BLOCK 6
#define CSK_WIDTHS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
typedef int32_t csk_ints_baseline __attribute__((vector_size(16)));
#if defined(__x86_64__)
static inline uint32_t mask_baseline(csk_ints_baseline lanes) {
  return (uint32_t)_mm_movemask_ps((__m128)lanes);
}
#else
// arm64 and others. Not run on any machine of ours yet.
static inline uint32_t mask_baseline(csk_ints_baseline lanes) {
  csk_ints_baseline bits = lanes & (csk_ints_baseline){1, 2, 4, 8};
  return (uint32_t)(bits[0] | bits[1] | bits[2] | bits[3]);
}
#endif
static inline int any_baseline(csk_ints_baseline lanes) { return mask_baseline(lanes) != 0; }
#include "kernels_body.h"

static const csk_kernels *const all_kernels[] = {
#if defined(__x86_64__)
    &csk_kernels_avx512,
    &csk_kernels_avx2,
#endif
    &csk_kernels_baseline,
};

const csk_kernels *const *csk_all(size_t *count) {
  *count = sizeof all_kernels / sizeof *all_kernels;
  return all_kernels;
}

int csk_is_supported(const csk_kernels *kernels) {
#if defined(__x86_64__)
  // These builtins ask the processor, and the operating system whether it saves the registers.
  __builtin_cpu_init();
  if (kernels == &csk_kernels_avx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  if (kernels == &csk_kernels_avx2) return __builtin_cpu_supports("avx2");
#endif
  return kernels == &csk_kernels_baseline;
}
