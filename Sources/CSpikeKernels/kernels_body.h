// All kernels for one instruction set. No include guard: included once for each set, with
//   CSK_SET           the suffix of the names
//   CSK_VECTOR_BYTES  the width of a vector register
//   CSK_BLOCK         vectors of potentials that stay in registers while rows are added
#pragma STDC FP_CONTRACT OFF

#define CSK_JOIN_(a, b) a##_##b
#define CSK_JOIN(a, b) CSK_JOIN_(a, b)
#define CSK_NAME(name) CSK_JOIN(name, CSK_SET)

// ---- Float: thresholds at 1/2 and -1/2, a spike worth 1 ----
#define CSK_REAL float
#define CSK_KIND float
#define CSK_IS_FLOAT 1
#include "feed_body.h"
#include "columns_body.h"
#undef CSK_REAL
#undef CSK_KIND
#undef CSK_IS_FLOAT

// ---- Int32: fires + when 2 phi > S and - when 2 phi <= -S, a spike worth S ----
#define CSK_REAL int32_t
#define CSK_KIND int32
#define CSK_IS_FLOAT 0
#include "feed_body.h"
#include "columns_body.h"
#undef CSK_REAL
#undef CSK_KIND
#undef CSK_IS_FLOAT

static csk_outcome CSK_NAME(feed_rows_float)(float *potentials, float *sums,
                                             const float *weights, size_t stride,
                                             const int32_t *spikes, size_t spike_count,
                                             int is_signed, int fires_once, int32_t *out,
                                             size_t out_capacity, csk_scratch scratch) {
  return CSK_NAME(any_feed_rows_float)(potentials, sums, weights, (csk_narrow){NULL, 0}, stride,
                                       spikes, spike_count, is_signed, fires_once, 1, out,
                                       out_capacity, scratch);
}

static csk_outcome CSK_NAME(feed_rows_int32)(int32_t *potentials, const int32_t *weights,
                                             csk_narrow narrow, size_t stride,
                                             const int32_t *spikes, size_t spike_count,
                                             int is_signed, int fires_once, int32_t unit,
                                             int32_t *out, size_t out_capacity,
                                             csk_scratch scratch) {
  return CSK_NAME(any_feed_rows_int32)(potentials, NULL, weights, narrow, stride, spikes,
                                       spike_count, is_signed, fires_once, unit, out,
                                       out_capacity, scratch);
}

static csk_outcome CSK_NAME(feed_vector_float)(float *potentials, const float *values,
                                               size_t units, int is_signed, int32_t *out,
                                               size_t out_capacity, csk_scratch scratch) {
  return CSK_NAME(any_feed_vector_float)(potentials, values, units, is_signed, 1, out,
                                         out_capacity, scratch);
}

static void CSK_NAME(sum_rows_int32)(int64_t *sums, const int32_t *weights, size_t stride,
                                     size_t units, const int32_t *spikes, size_t spike_count) {
  for (size_t s = 0; s < spike_count; s++) {
    const int32_t *row = weights + csk_unit_of(spikes[s]) * stride;
    if (spikes[s] >= 0) {
      for (size_t j = 0; j < units; j++) sums[j] += row[j];
    } else {
      for (size_t j = 0; j < units; j++) sums[j] -= row[j];
    }
  }
}

static csk_outcome CSK_NAME(feed_steps_float)(float *potentials, const float *values,
                                              const int32_t *units, size_t count, size_t steps,
                                              int32_t *out, size_t room, size_t *ends,
                                              csk_scratch scratch) {
  return CSK_NAME(any_feed_steps_float)(potentials, values, units, count, steps, 1, out, room,
                                        ends, scratch);
}

static csk_outcome CSK_NAME(step_fire_float)(float *potentials, const float *values,
                                             size_t stride, int is_signed, int32_t *out,
                                             size_t room, csk_scratch scratch) {
  return CSK_NAME(any_step_fire_float)(potentials, values, stride, is_signed, 1, out, room,
                                       scratch);
}

static int32_t CSK_NAME(highest_unit)(const int32_t *spikes, size_t count) {
  int32_t highest = -1;
  for (size_t s = 0; s < count; s++) {
    int32_t unit = spikes[s] ^ (spikes[s] >> 31);
    highest = unit > highest ? unit : highest;
  }
  return highest;
}

static size_t CSK_NAME(count_negative)(const int32_t *spikes, size_t count) {
  size_t negative = 0;
  for (size_t s = 0; s < count; s++) negative += spikes[s] < 0;
  return negative;
}

// Eight independent sums: the additions must not wait for each other.
static float CSK_NAME(sum_float)(const float *values, size_t count) {
  typedef CSK_NAME(vector_float) vector;
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

static const csk_kernels CSK_NAME(csk_kernels) = {
    .name = CSK_SET_NAME,
    .sum_float = CSK_NAME(sum_float),
    .feed_rows_float = CSK_NAME(feed_rows_float),
    .feed_rows_int32 = CSK_NAME(feed_rows_int32),
    .feed_steps_float = CSK_NAME(feed_steps_float),
    .feed_steps_int32 = CSK_NAME(any_feed_steps_int32),
    .step_fire_float = CSK_NAME(step_fire_float),
    .step_fire_int32 = CSK_NAME(any_step_fire_int32),
    .scale_float = CSK_NAME(scale_float),
    .pack_float = CSK_NAME(pack_float),
    .pack_int32 = CSK_NAME(pack_int32),
    .highest_unit = CSK_NAME(highest_unit),
    .count_negative = CSK_NAME(count_negative),
    .feed_vector_float = CSK_NAME(feed_vector_float),
    .feed_vector_int32 = CSK_NAME(any_feed_vector_int32),
    .add_rows_float = CSK_NAME(add_rows_float),
    .add_rows_int32 = CSK_NAME(add_rows_int32),
    .sum_rows_int32 = CSK_NAME(sum_rows_int32),
    .count_float = CSK_NAME(count_float),
    .count_int32 = CSK_NAME(count_int32),
    .read_column_float = CSK_NAME(read_column_float),
    .read_column_int32 = CSK_NAME(read_column_int32),
    .update_column_float = CSK_NAME(update_column_float),
    .update_column_int32 = CSK_NAME(update_column_int32),
};

#undef CSK_NAME
#undef CSK_JOIN
#undef CSK_JOIN_
