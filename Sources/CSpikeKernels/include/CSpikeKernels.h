// The inner loops of the spiking network: one body (kernels_body.h), compiled once for each
// instruction set. Only updates of weights multiply: potentials and sums change by additions and
// subtractions (on AVX-512 sums are added as 1 * w + z: see quiet_body.h).
//
// Spikes are coded in an int32_t: `unit` for sign +1, `~unit` (bitwise not) for sign -1.
// Weight matrices are row-major; `stride` is the distance of rows in elements, a multiple of 16,
// and the padding is zero. Potentials are padded to `stride` as well.
#pragma once
#include <stddef.h>
#include <stdint.h>

// |potential| beyond this after an addition is an error: at 2^22 one unit in the last place of a
// Float is 1/2, so the residue that decides the next spike carries no information.
#define CSK_FLOAT_POTENTIAL_LIMIT 4194304.0f
// The same for integers: two numbers below it add up without overflow.
#define CSK_INTEGER_POTENTIAL_LIMIT 1073741824

// What feed_steps wants room for beyond one spike for each unit and step, and step_fire.
#define CSK_STEPS_SLACK 16

// What pack wants room for beyond the number of values.
#define CSK_PACK_SLACK 8

// The most rows that a feed takes at a time.
#define CSK_CHUNK_ROWS 128

// One unit that fired `count` times in one feed. `tag` orders spikes: the bits of |potential|
// before the first subtraction, which are in the order of the values because these are positive.
typedef struct {
  uint32_t row;
  int32_t spike;
  uint32_t tag;
  int32_t count;
} csk_firing;

typedef enum {
  CSK_DONE = 0,
  // The output has no room for the spikes of the next rows; nothing of these rows was done.
  CSK_FULL = 1,
  // A potential left the limit in the next rows; nothing of these rows was done.
  CSK_OUT_OF_RANGE = 2,
} csk_status;

typedef struct {
  csk_status status;
  size_t rows_done;
  size_t written;
  size_t needed;  // CSK_FULL: the room that the next rows want
  int underflowed;       // CSK_DONE: whether some potential is now below minus the limit
} csk_outcome;

// Scratch memory of a feed. `firings` holds 2 * capacity records, capacity >= stride.
typedef struct {
  csk_firing *firings;
  size_t capacity;
  void *snapshot;  // 2 * stride elements
} csk_scratch;

// The same weights in 16 bits, where they fit, and their largest magnitude; or NULL. Sets may leave
// them aside. Rows are csk_narrow_stride apart, from a 64-byte boundary.
typedef struct {
  const int16_t *weights;
  int32_t largest;
} csk_narrow;

static inline size_t csk_narrow_stride(size_t stride) { return (stride + 31) / 32 * 32; }

// The kernels of one instruction set.
typedef struct {
  const char *name;

  // For each spike in order: potentials += or -= its weight row, then every unit beyond the
  // threshold fires. Spikes go to `out`: by row, within a row by decreasing tag, then by unit.
  // `fires_once` promises that all |weights| are at most the worth of a spike, and potentials at
  // most half of it.
  // `sums`, where given, is added the same rows.
  csk_outcome (*feed_rows_float)(float *potentials, float *sums, const float *weights,
                                 size_t stride, const int32_t *spikes, size_t spike_count,
                                 int is_signed, int fires_once, int32_t *out, size_t out_capacity,
                                 csk_scratch scratch);
  // The same for integers, without sums; a spike is worth `unit`.
  csk_outcome (*feed_rows_int32)(int32_t *potentials, const int32_t *weights, csk_narrow narrow,
                                 size_t stride, const int32_t *spikes, size_t spike_count,
                                 int is_signed, int fires_once, int32_t unit, int32_t *out,
                                 size_t out_capacity, csk_scratch scratch);
  // One feed of a vector of `units` values: rows_done is 1 when it was done.
  csk_outcome (*feed_vector_float)(float *potentials, const float *values, size_t units,
                                   int is_signed, int32_t *out, size_t out_capacity,
                                   csk_scratch scratch);
  csk_outcome (*feed_vector_int32)(int32_t *potentials, const int32_t *values, size_t units,
                                   int is_signed, int32_t unit, int32_t *out,
                                   size_t out_capacity, csk_scratch scratch);
  // `steps` feeds of the same `count` values to signed units that started at 0 or have been fed
  // nothing else, whose spikes are named by `units`; ends[s] spikes are written by the end of step
  // s. CSK_OUT_OF_RANGE: this is not for the kernel, nothing was done.
  csk_outcome (*feed_steps_float)(float *potentials, const float *values, const int32_t *units,
                                  size_t count, size_t steps, int32_t *out, size_t room,
                                  size_t *ends, csk_scratch scratch);
  csk_outcome (*feed_steps_int32)(int32_t *potentials, const int32_t *values,
                                  const int32_t *units, size_t count, size_t steps, int32_t unit,
                                  int32_t *out, size_t room, size_t *ends, csk_scratch scratch);
  // Firing once a step: adds `values`, unless they are NULL, to potentials, both padded to `stride`;
  // then every unit beyond the threshold fires, in the order of units. rows_done is 1 when it was
  // done. Room for CSK_STEPS_SLACK spikes more than there are makes it fast.
  csk_outcome (*step_fire_float)(float *potentials, const float *values, size_t stride,
                                 int is_signed, int32_t *out, size_t room, csk_scratch scratch);
  csk_outcome (*step_fire_int32)(int32_t *potentials, const int32_t *values, size_t stride,
                                 int is_signed, int32_t unit, int32_t *out, size_t room,
                                 csk_scratch scratch);
  // Puts the values that are not 0, or those that are positive, in order, at `packed`, and their
  // indices at `units`, each with room for `count` + CSK_PACK_SLACK; returns their number.
  size_t (*pack_float)(const float *values, size_t count, int only_positive, float *packed,
                       int32_t *units);
  size_t (*pack_int32)(const int32_t *values, size_t count, int only_positive, int32_t *packed,
                       int32_t *units);
  // scaled = values * scale, a power of two. Returns whether all values are finite, and sets how
  // many are not 0.
  int (*scale_float)(const float *values, size_t count, float scale, float *scaled,
                     size_t *nonzero);
  // The highest unit of the spikes, -1 if there are none; and how many have the sign -.
  int32_t (*highest_unit)(const int32_t *spikes, size_t count);
  size_t (*count_negative)(const int32_t *spikes, size_t count);
  // sums, or potentials of which nothing fires, += or -= the weight row of each spike, in order.
  void (*add_rows_float)(float *sums, const float *weights, size_t stride, const int32_t *spikes,
                         size_t spike_count);
  void (*add_rows_int32)(int32_t *potentials, const int32_t *weights, size_t stride,
                         const int32_t *spikes, size_t spike_count);
  // The same for sums of integers, which take 64 bits.
  void (*sum_rows_int32)(int64_t *sums, const int32_t *weights, size_t stride, size_t units,
                         const int32_t *spikes, size_t spike_count);
  // counts[unit] += sign of each spike.
  void (*count_float)(float *counts, const int32_t *spikes, size_t spike_count);
  void (*count_int32)(int32_t *counts, const int32_t *spikes, size_t spike_count);
  // values = sign * W[:, j]: `rows` elements from `column` on, `stride` apart.
  void (*read_column_float)(const float *column, size_t stride, size_t rows, int sign,
                            float *values);
  void (*read_column_int32)(const int32_t *column, size_t stride, size_t rows, int sign,
                            int32_t *values);
  // W[units[k], j] -= counts[k] * factor. Returns whether the magnitude of a weight that changed is
  // above the bound now, or NaN.
  int (*update_column_float)(float *column, size_t stride, const float *counts,
                             const int32_t *units, size_t count, float factor, float bound);
  int (*update_column_int32)(int32_t *column, size_t stride, const int32_t *counts,
                             const int32_t *units, size_t count, int32_t factor, int32_t bound);
  // The sum of `count` values, in some order: reads memory as fast as the set can.
  float (*sum_float)(const float *values, size_t count);
} csk_kernels;

// The instruction sets of this build, best first; `*count` of them.
const csk_kernels *const *csk_all(size_t *count);
// Whether this processor and its operating system run the set.
int csk_is_supported(const csk_kernels *kernels);
