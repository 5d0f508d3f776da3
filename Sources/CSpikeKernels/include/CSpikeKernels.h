// The inner loops of the spiking network: one body (kernels.h), compiled once for each
// instruction set. Only updates of weights multiply: potentials and sums change by additions and
// subtractions (on AVX-512 sums are added as 1 * w + z: see branchless.h).
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

// What feed_steps wants room for beyond one spike for each unit and step, and fire_step.
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

// The most binary places of counts that are told as bits: up to 31 spikes of a unit.
#define CSK_BIT_PLACES 5

typedef struct {
  csk_status status;
  size_t places, spikes, negatives, comparisons;
} csk_bits_outcome;

// Scratch memory of a feed. `firings` holds 2 * capacity records, capacity >= stride.
typedef struct {
  csk_firing *firings;
  size_t capacity;
  void *snapshot;  // 2 * stride elements
} csk_scratch;

// The same weights in 16 bits, where they fit, and their largest magnitude; or NULL. Sets may leave
// them aside. Rows are csk_int16_stride apart, from a 64-byte boundary.
typedef struct {
  const int16_t *weights;
  int32_t largest;
} csk_int16_weights;

static inline size_t csk_int16_stride(size_t stride) { return (stride + 31) / 32 * 32; }

// The kernels of one number type: potentials, weights and values are of it, and sums are float for
// float, int64_t for int32_t. The quantum of float is 1.
typedef struct {
  // For each spike in order: potentials += or -= its weight row, then every unit beyond the
  // threshold fires. Spikes go to `out`: by row, within a row by decreasing tag, then by unit.
  // `fires_once` promises that all |weights| are at most the quantum, and potentials at most half
  // of it. `sums`, where given, is added the same rows.
  csk_outcome (*feed_rows)(void *potentials, void *sums, const void *weights,
                           csk_int16_weights int16, size_t stride, const int32_t *spikes,
                           size_t spike_count, int is_signed, int fires_once, int32_t quantum,
                           int32_t *out, size_t room, csk_scratch scratch);
  // One feed of a vector of `units` values: rows_done is 1 when it was done.
  csk_outcome (*feed_vector)(void *potentials, const void *values, size_t units, int is_signed,
                             int32_t quantum, int32_t *out, size_t room, csk_scratch scratch);
  // `steps` feeds of the same `count` values to signed units that started at 0 or have been fed
  // nothing else, whose spikes are named by `units`; ends[s] spikes are written by the end of step
  // s. CSK_OUT_OF_RANGE: this is not for the kernel, nothing was done.
  csk_outcome (*feed_steps)(void *potentials, const void *values, const int32_t *units,
                            size_t count, size_t steps, int32_t quantum, int32_t *out,
                            size_t room, size_t *ends, csk_scratch scratch);
  // Firing once a step: adds `values`, unless they are NULL, to potentials, both padded to `stride`;
  // then every unit beyond the threshold fires, in the order of units. rows_done is 1 when it was
  // done. Room for CSK_STEPS_SLACK spikes more than there are makes it fast.
  csk_outcome (*fire_step)(void *potentials, const void *values, size_t stride, int is_signed,
                           int32_t quantum, int32_t *out, size_t room, csk_scratch scratch);
  // Potentials of which nothing fires, or sums, += or -= the weight row of each spike, in order.
  void (*add_rows)(void *potentials, const void *weights, size_t stride, const int32_t *spikes,
                   size_t spike_count);
  void (*sum_rows)(void *sums, const void *weights, size_t stride, const int32_t *spikes,
                   size_t spike_count);
  // Puts the values that are not 0, or those that are positive, in order, at `packed`, and their
  // indices at `units`, each with room for `count` + CSK_PACK_SLACK; returns their number.
  size_t (*pack)(const void *values, size_t count, int only_positive, void *packed,
                 int32_t *units);
  // counts[unit] += sign of each spike.
  void (*count)(void *counts, const int32_t *spikes, size_t spike_count);
  // values = sign * line: `count` elements, `stride` apart.
  void (*read_line)(const void *line, size_t stride, size_t count, int sign, void *values);
  // line[units[k] * stride] -= counts[k] * factor. Returns whether the magnitude of a weight that
  // changed is above the bound now, or NaN. A double holds every factor and bound exactly.
  int (*update_line)(void *line, size_t stride, const void *counts, const int32_t *units,
                     size_t count, double factor, double bound);
  // Refining: sums, and `sent` unless it is NULL, are doubled. Returns how many of both are not 0.
  size_t (*double_sums)(void *sums, void *sent, size_t units);
  // Refining: units from `first` on send what is missing, the spikes of a unit side by side, in the order of
  // units; with `sent`, a unit sends - only where that is above half a quantum. CSK_FULL: rows_done units are
  // done, and the next one wants room for `needed` spikes. CSK_OUT_OF_RANGE: nothing was done. Adds to
  // `*comparisons` those of the reference, but one a spike.
  csk_outcome (*refine)(void *sums, void *sent, size_t first, size_t units, int32_t quantum,
                        int32_t *out, size_t room, size_t *comparisons);
  // The same for `units`, a multiple of 16, as bits of their counts: of binary place p and block b, the units 16 b + i,
  // bit i of positive[p * units / 16 + b] for those that send +, of negative for those that send -. Room is for
  // CSK_BIT_PLACES; `places` of the outcome are set, at least one. CSK_OUT_OF_RANGE, with nothing done, where a unit
  // would send more spikes or has no places for its sum.
  csk_bits_outcome (*refine_bits)(void *sums, void *sent, size_t units, int32_t quantum,
                                  uint16_t *positive, uint16_t *negative);
} csk_kernels;

// Groups of units whose spikes are added as one row (PatternTable in Swift).
typedef struct {
  // Of each unit, twice its group in the bits from 8 on, and its bit in those below.
  const uint32_t *units;
  // Of each group, the row of its pattern 1.
  const int32_t *first_rows;
  // Frequent patterns, block after block, each block's rising; where those of a block begin, and the end; NULL
  // where there are none. The first one's row.
  const uint16_t *frequent;
  const int32_t *frequent_starts;
  int32_t frequent_row;
} csk_patterns;

// Sets, for each binary place of the counts of spikes, the bits of units that sent: of place p, group g and sign
// + or - in the byte at p * stride + 2 g or 2 g + 1. Spikes come in any order, those of a unit of one sign. Returns
// the places.
size_t csk_mark_patterns(const csk_patterns *table, const int32_t *spikes, size_t count,
                         uint8_t *masks, size_t stride);
// Writes the rows of the masks of a place, of which there are `stride`, a multiple of 8, and sets them to 0;
// returns how many there are, one a mask at most.
size_t csk_take_patterns(const csk_patterns *table, uint8_t *masks, size_t stride, int32_t *rows);
// Writes the rows of patterns of blocks, as refine_bits makes them where the units of a group are four bits side by
// side; returns how many there are, eight a block at most.
size_t csk_take_bits(const csk_patterns *table, const uint16_t *positive, const uint16_t *negative,
                     size_t blocks, int32_t *rows);

// One instruction set.
typedef struct {
  const char *name;
  // Whether this processor and its operating system run the set.
  int (*is_supported)(void);
  csk_kernels float32, int32;
  // The highest unit of the spikes, -1 if there are none; and how many have the sign -.
  int32_t (*highest_unit)(const int32_t *spikes, size_t count);
  size_t (*count_negative)(const int32_t *spikes, size_t count);
  // scaled = values * scale, a power of two. Returns whether all values are finite, and sets how
  // many are not 0.
  int (*scale_float)(const float *values, size_t count, float scale, float *scaled,
                     size_t *nonzero);
  // The sum of `count` values, in some order: reads memory as fast as the set can.
  float (*sum_float)(const float *values, size_t count);
} csk_set;

static inline const csk_kernels *csk_float32(const csk_set *set) { return &set->float32; }
static inline const csk_kernels *csk_int32(const csk_set *set) { return &set->int32; }

// The instruction sets of this build, best first; `*count` of them.
const csk_set *const *csk_sets(size_t *count);
