// All kernels of one instruction set: included once, at the end of the set's own file, which defines
//   CSK_SET           the name of its csk_set
//   CSK_SET_NAME      the name that users see
//   CSK_VECTOR_BYTES  the width of a vector register
//   CSK_BLOCK         vectors of potentials that stay in registers while rows are added
//   CSK_SUMS_BLOCK    the same where sums are added, too
//   CSK_WIDTHS(X)     X(1) X(2) ... X(CSK_BLOCK)
//   csk_ints          a vector of int32_t; comparisons of vectors have this type
//   csk_mask, csk_any a bit for each lane that is set, and whether there is one
//   csk_is_supported  whether the machine runs the set
// and where CSK_HAS_MASKS is 1
//   csk_floats        a vector of float
//   csk_masked_fire_float, csk_masked_fire_int32, csk_fused_sum: see branchless.h
// and where it adds rows of 16 bits
//   CSK_INT16_ROWS    a file that does, csk_widened: see branchless.h
// Nothing here is of one set: no intrinsics.
#pragma once
#pragma STDC FP_CONTRACT OFF
#include "order.h"

#define CSK_JOIN_(a, b) a##_##b
#define CSK_JOIN(a, b) CSK_JOIN_(a, b)

// ---- Float: thresholds at 1/2 and -1/2, a quantum of 1, sums in Float ----
#define CSK_REAL float
#define CSK_SUM float
#define CSK_KIND float
#define CSK_IS_FLOAT 1
#include "feed.h"
#include "columns.h"
#include "refine.h"
#include "table.h"
#undef CSK_REAL
#undef CSK_SUM
#undef CSK_KIND
#undef CSK_IS_FLOAT

// ---- Int32: fires + when 2 phi > S and - when 2 phi <= -S, a quantum of S, sums in Int64 ----
#define CSK_REAL int32_t
#define CSK_SUM int64_t
#define CSK_KIND int32
#define CSK_IS_FLOAT 0
#include "feed.h"
#include "columns.h"
#include "refine.h"
#include "table.h"
#undef CSK_REAL
#undef CSK_SUM
#undef CSK_KIND
#undef CSK_IS_FLOAT

static int32_t highest_unit(const int32_t *spikes, size_t count) {
  int32_t highest = -1;
  for (size_t s = 0; s < count; s++) {
    int32_t unit = spikes[s] ^ (spikes[s] >> 31);
    highest = unit > highest ? unit : highest;
  }
  return highest;
}

static size_t count_negative(const int32_t *spikes, size_t count) {
  size_t negative = 0;
  for (size_t s = 0; s < count; s++) negative += spikes[s] < 0;
  return negative;
}

// Eight independent sums: the additions must not wait for each other.
static float sum_float(const float *values, size_t count) {
  typedef vector_float vector;
  size_t lanes = CSK_VECTOR_BYTES / sizeof(float), at = 0;
  vector sums[8] = {{0}};
  for (; at + 8 * lanes <= count; at += 8 * lanes) {
    const vector *these = (const vector *)(values + at);
#pragma clang loop unroll(full)
    for (int v = 0; v < 8; v++) sums[v] += these[v];
  }
  for (int step = 4; step > 0; step /= 2) {
    for (int v = 0; v < step; v++) sums[v] += sums[v + step];
  }
  float sum = 0;
  for (size_t lane = 0; lane < lanes; lane++) sum += sums[0][lane];
  for (; at < count; at++) sum += values[at];
  return sum;
}

const csk_set CSK_SET = {
    .name = CSK_SET_NAME,
    .is_supported = csk_is_supported,
    .float32 = kernels_float,
    .int32 = kernels_int32,
    .highest_unit = highest_unit,
    .count_negative = count_negative,
    .scale_float = scale_float,
    .sum_float = sum_float,
};
