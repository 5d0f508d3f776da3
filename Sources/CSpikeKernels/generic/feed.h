// Feeding a quantizer, for one number type and one instruction set (see kernels.h).
//
//   phi += v;  while phi > 1/2: emit +, phi -= 1;  while phi < -1/2: emit -, phi += 1
//
// The loops are replaced by their closed form, n = max(0, ceil(phi - 1/2)), which gives the same
// count and the same bits (phi - n is a multiple of the last place of phi, and smaller), and which
// ends for every input. Potentials of a block of columns stay in registers while the rows of a
// chunk are added; a row costs one comparison until some unit crosses its threshold. Which rows do
// is not to be predicted, so that what follows a crossing has as few branches as can be.

#define CSK_T(name) CSK_JOIN(name, CSK_KIND)
// Lane by lane: a where the mask is set, else b. C has no ?: on vectors; compilers make this a
// maximum or minimum.
#define CSK_SELECT(mask, a, b)                                  \
  ((CSK_T(vector))(((csk_ints)(a) & (mask)) |         \
                   ((csk_ints)(b) & ~(mask))))
#define CSK_LANES (CSK_VECTOR_BYTES / sizeof(CSK_REAL))
#define CSK_WORDS ((int)((CSK_BLOCK * CSK_LANES + 63) / 64))

// A vector register; loads need no alignment beyond that of an element.
typedef CSK_REAL CSK_T(vector)
    __attribute__((vector_size(CSK_VECTOR_BYTES), aligned(sizeof(CSK_REAL))));

#if CSK_IS_FLOAT
#define CSK_LIMIT CSK_FLOAT_POTENTIAL_LIMIT
#define CSK_ABOVE 0.5f
#define CSK_BELOW -0.5f
#define CSK_TWICE_ABOVE 1.5f
#define CSK_TWICE_BELOW -1.5f
#else
#define CSK_LIMIT CSK_INTEGER_POTENTIAL_LIMIT
// 2 phi > S is phi > floor(S / 2), and 2 phi <= -S is phi < 1 - ceil(S / 2).
#define CSK_ABOVE (quantum / 2)
#define CSK_BELOW (1 - (quantum / 2 + quantum % 2))
#define CSK_TWICE_ABOVE (quantum + quantum / 2)
#define CSK_TWICE_BELOW (1 - (quantum / 2 + quantum % 2) - quantum)
#endif

// Fires unit `index`, as often as it takes, if its potential is beyond the threshold; 0 when it is
// beyond the limit.
static inline int CSK_T(fire)(CSK_REAL *potentials, size_t index, int is_signed, int32_t quantum,
                              uint32_t row, csk_firing *firings, size_t *count) {
  CSK_REAL phi = potentials[index];
  int is_positive = phi > CSK_ABOVE;
  if (!is_positive && !(is_signed && phi < CSK_BELOW)) return 1;
  CSK_REAL size = is_positive ? phi : -phi;
#if CSK_IS_FLOAT
  (void)quantum;
  if (size > CSK_LIMIT) return 0;
  int32_t fired = (int32_t)__builtin_ceilf(size - 0.5f);
  CSK_REAL taken = (CSK_REAL)fired;
  uint32_t tag;
  memcpy(&tag, &size, sizeof tag);
#else
  if (size > CSK_LIMIT) return 0;
  int64_t doubled = 2 * (int64_t)size, quanta = 2 * (int64_t)quantum;
  // Positive: the least n with 2 (phi - n S) <= S. Negative: the least n with 2 (|phi| - n S) < S.
  int32_t fired = (int32_t)(is_positive ? (doubled - quantum + quanta - 1) / quanta
                                        : (doubled - quantum) / quanta + 1);
  CSK_REAL taken = (CSK_REAL)(fired * (int64_t)quantum);
  uint32_t tag = (uint32_t)size;
#endif
  potentials[index] = is_positive ? phi - taken : phi + taken;
  firings[(*count)++] = (csk_firing){
      .row = row, .spike = is_positive ? (int32_t)index : ~(int32_t)index, .tag = tag,
      .count = fired};
  return 1;
}

// The highest of `width` vectors, or the lowest, lane by lane. A tree: a branch waits for it.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(extreme)(const CSK_T(vector) *phi, const int width, const int is_highest) {
  typedef CSK_T(vector) vector;
  vector level[CSK_BLOCK];
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) level[v] = phi[v];
#pragma clang loop unroll(full)
  for (int step = 1; step < CSK_BLOCK; step *= 2) {
#pragma clang loop unroll(full)
    for (int v = 0; v < CSK_BLOCK; v += 2 * step) {
      if (v + step >= width) continue;
      vector a = level[v], b = level[v + step];
      level[v] = is_highest ? CSK_SELECT(b > a, b, a) : CSK_SELECT(b < a, b, a);
    }
  }
  return level[0];
}

// Adds the rows of a chunk to `width` vectors of potentials, starting at column `first`.
static inline __attribute__((always_inline)) int CSK_T(feed_block)(
    CSK_REAL *potentials, const CSK_REAL *weights, size_t stride, const int32_t *spikes,
    size_t rows, int is_signed, int32_t quantum, size_t first, const int width,
    csk_firing *firings, size_t *count) {
  typedef CSK_T(vector) vector;
  vector phi[CSK_BLOCK];
  const vector *stored = (const vector *)(potentials + first);
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) phi[v] = stored[v];

  for (size_t row = 0; row < rows; row++) {
    const vector *w = (const vector *)(weights + csk_unit_of(spikes[row]) * stride + first);
    if (row + 2 < rows) {
      const char *next =
          (const char *)(weights + csk_unit_of(spikes[row + 2]) * stride + first);
#pragma clang loop unroll(full)
      for (int line = 0; line < width * CSK_VECTOR_BYTES; line += 64) {
        __builtin_prefetch(next + line);
      }
    }
    if (spikes[row] >= 0) {
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) phi[v] += w[v];
    } else {
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) phi[v] -= w[v];
    }
    vector highest = CSK_T(extreme)(phi, width, 1);
    int fires = csk_any(highest > CSK_ABOVE);
    if (is_signed) {
      vector lowest = CSK_T(extreme)(phi, width, 0);
      fires |= csk_any(lowest < CSK_BELOW);
    }
    if (__builtin_expect(fires, 0)) {
      // The tags are read from here, whatever happens to the registers.
      vector *spilled = (vector *)(potentials + first);
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) spilled[v] = phi[v];
      int repeats = csk_any(highest > CSK_TWICE_ABOVE);
      if (is_signed) {
        vector lowest = CSK_T(extreme)(phi, width, 0);
        repeats |= csk_any(lowest < CSK_TWICE_BELOW);
      }
      if (__builtin_expect(repeats, 0)) {
        for (int v = 0; v < width; v++) {
          uint32_t mask = csk_mask(spilled[v] > CSK_ABOVE);
          if (is_signed) mask |= csk_mask(spilled[v] < CSK_BELOW);
          for (; mask != 0; mask &= mask - 1) {
            size_t index = first + (size_t)v * CSK_LANES + (size_t)__builtin_ctz(mask);
            if (!CSK_T(fire)(potentials, index, is_signed, quantum, (uint32_t)row, firings, count)) {
              return 0;
            }
          }
        }
#pragma clang loop unroll(full)
        for (int v = 0; v < width; v++) phi[v] = spilled[v];
        continue;
      }
      // Every unit that fires does so once: subtract in the registers, and find the units without
      // a branch for each vector.
      const vector quanta = (vector){0} + (CSK_REAL)quantum;
      uint64_t bits[CSK_WORDS] = {0};
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) {
        csk_ints above = phi[v] > CSK_ABOVE;
        uint64_t mask = csk_mask(above);
        phi[v] -= (vector)((csk_ints)quanta & above);
        if (is_signed) {
          csk_ints below = spilled[v] < CSK_BELOW;
          mask |= csk_mask(below);
          phi[v] += (vector)((csk_ints)quanta & below);
        }
        bits[v * (int)CSK_LANES / 64] |= mask << (v * (int)CSK_LANES % 64);
      }
      uint64_t any;
      do {
        size_t word = 0;
        any = bits[0];
#pragma clang loop unroll(full)
        for (int w = 1; w < CSK_WORDS; w++) {
          word += any == 0;
          any |= bits[w];
        }
        uint64_t left = bits[word];
        size_t index = first + word * 64 + (size_t)__builtin_ctzll(left);
        bits[word] = left & (left - 1);
        any = 0;
#pragma clang loop unroll(full)
        for (int w = 0; w < CSK_WORDS; w++) any |= bits[w];
        CSK_REAL before = potentials[index];
        int is_positive = !is_signed || before > 0;
        CSK_REAL size = is_positive ? before : -before;
        uint32_t tag;
        memcpy(&tag, &size, sizeof tag);
        firings[(*count)++] = (csk_firing){
            .row = (uint32_t)row, .spike = is_positive ? (int32_t)index : ~(int32_t)index,
            .tag = tag, .count = 1};
      } while (any != 0);
    }
  }
  vector *stores = (vector *)(potentials + first);
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) stores[v] = phi[v];
  return 1;
}

// Calls feed_block with the number of vectors as a constant, so that they live in registers.
static int CSK_T(feed_columns)(CSK_REAL *potentials, const CSK_REAL *weights, size_t stride,
                               const int32_t *spikes, size_t rows, int is_signed, int32_t quantum,
                               size_t first, size_t width, csk_firing *firings, size_t *count) {
#define CSK_CASE(n)                                                                              \
  case n:                                                                                        \
    return is_signed ? CSK_T(feed_block)(potentials, weights, stride, spikes, rows, 1, quantum,     \
                                         first, n, firings, count)                               \
                     : CSK_T(feed_block)(potentials, weights, stride, spikes, rows, 0, quantum,     \
                                         first, n, firings, count);
  switch (width) {
    CSK_WIDTHS(CSK_CASE)
    default: __builtin_unreachable();
  }
#undef CSK_CASE
}

// Whether a potential is below minus the limit, a rectified unit that has sunk too far, or is no number.
static int CSK_T(underflowed)(const CSK_REAL *potentials, size_t units) {
  int underflowed = 0;
  for (size_t index = 0; index < units; index++) underflowed |= !(potentials[index] >= -CSK_LIMIT);
  return underflowed;
}

#include "branchless.h"

// sums += or -= the rows, in order: `width` vectors, which stay in registers, from column `first`.
static inline __attribute__((always_inline)) void CSK_T(add_block)(
    CSK_REAL *sums, const CSK_REAL *weights, size_t stride, const int32_t *spikes,
    size_t spike_count, size_t first, const int width) {
  typedef CSK_T(vector) vector;
  vector sum[CSK_BLOCK];
  vector *stored = (vector *)(sums + first);
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) sum[v] = stored[v];
  for (size_t s = 0; s < spike_count; s++) {
    const vector *row = (const vector *)(weights + csk_unit_of(spikes[s]) * stride + first);
    if (spikes[s] >= 0) {
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[v] += row[v];
    } else {
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) sum[v] -= row[v];
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) stored[v] = sum[v];
}

static void CSK_T(add_rows)(CSK_REAL *sums, const CSK_REAL *weights, size_t stride,
                            const int32_t *spikes, size_t spike_count) {
  size_t vectors = stride / CSK_LANES;
  for (size_t v = 0; v < vectors; v += CSK_BLOCK) {
#define CSK_CASE(n)                                                                          \
  case n:                                                                                    \
    CSK_T(add_block)(sums, weights, stride, spikes, spike_count, v * CSK_LANES, n);          \
    break;
    switch (vectors - v < CSK_BLOCK ? vectors - v : CSK_BLOCK) {
      CSK_WIDTHS(CSK_CASE)
      default: __builtin_unreachable();
    }
#undef CSK_CASE
  }
}

// See csk_kernels.sum_rows.
static void CSK_T(sum_rows)(CSK_SUM *sums, const CSK_REAL *weights, size_t stride,
                            const int32_t *spikes, size_t spike_count) {
#if CSK_IS_FLOAT
  CSK_T(add_rows)(sums, weights, stride, spikes, spike_count);
#else
  for (size_t s = 0; s < spike_count; s++) {
    const CSK_REAL *row = weights + csk_unit_of(spikes[s]) * stride;
    if (spikes[s] >= 0) {
      for (size_t j = 0; j < stride; j++) sums[j] += row[j];
    } else {
      for (size_t j = 0; j < stride; j++) sums[j] -= row[j];
    }
  }
#endif
}

// See csk_kernels.feed_rows.
static csk_outcome CSK_T(feed_rows)(CSK_REAL *potentials, CSK_SUM *sums, const CSK_REAL *weights,
                                    csk_int16_weights int16, size_t stride,
                                    const int32_t *spikes, size_t spike_count, int is_signed,
                                    int fires_once, int32_t quantum, int32_t *out,
                                    size_t out_capacity, csk_scratch scratch) {
  // Sums of the number type of the potentials are added in the pass that feeds rows.
  CSK_REAL *same_pass = CSK_IS_FLOAT ? (CSK_REAL *)sums : NULL;
  size_t chunk = scratch.capacity / stride;
  if (chunk > CSK_CHUNK_ROWS) chunk = CSK_CHUNK_ROWS;
  size_t vectors = stride / CSK_LANES;
  csk_outcome outcome = {CSK_DONE, 0, 0, 0, 0};
  // A short first chunk tells whether many rows have several firings.
  size_t run = CSK_BRANCHLESS_SHORT_RUN;
  while (outcome.rows_done < spike_count) {
    size_t rows = spike_count - outcome.rows_done;
    if (rows > chunk) rows = chunk;
    if (fires_once && outcome.rows_done == 0 && rows > CSK_FIRST_ROWS) rows = CSK_FIRST_ROWS;
    CSK_REAL *snapshot = scratch.snapshot;
    memcpy(snapshot, potentials, stride * sizeof *snapshot);
    if (fires_once && !is_signed && stride <= CSK_BRANCHLESS_UNITS) {
      if (same_pass) memcpy(snapshot + stride, same_pass, stride * sizeof *same_pass);
      size_t written = 0;
      if (CSK_T(branchless_rows)(potentials, same_pass, weights, int16, stride,
                                 spikes + outcome.rows_done, rows, &run, quantum,
                                 out + outcome.written, out_capacity - outcome.written, scratch,
                                 &written)) {
        if (sums && !same_pass) {
          CSK_T(sum_rows)(sums, weights, stride, spikes + outcome.rows_done, rows);
        }
        outcome.written += written;
        outcome.rows_done += rows;
        continue;
      }
      memcpy(potentials, snapshot, stride * sizeof *snapshot);
      if (same_pass) memcpy(same_pass, snapshot + stride, stride * sizeof *same_pass);
    }
    size_t count = 0, needed = 0;
    int in_range = 1;
    for (size_t v = 0; v < vectors && in_range; v += CSK_BLOCK) {
      size_t width = vectors - v < CSK_BLOCK ? vectors - v : CSK_BLOCK;
      in_range = CSK_T(feed_columns)(potentials, weights, stride, spikes + outcome.rows_done,
                                     rows, is_signed, quantum, v * CSK_LANES, width,
                                     scratch.firings, &count);
    }
    if (in_range) needed = csk_spikes_of(scratch.firings, count);
    if (!in_range || needed > out_capacity - outcome.written) {
      memcpy(potentials, snapshot, stride * sizeof *snapshot);
      outcome.status = in_range ? CSK_FULL : CSK_OUT_OF_RANGE;
      outcome.needed = needed;
      return outcome;
    }
    outcome.written += csk_emit_rows(
        scratch.firings, count, scratch.firings + scratch.capacity, rows, vectors <= CSK_BLOCK,
        CSK_JOIN(csk_lower, CSK_KIND), quantum, out + outcome.written);
    if (sums) CSK_T(sum_rows)(sums, weights, stride, spikes + outcome.rows_done, rows);
    outcome.rows_done += rows;
  }
  outcome.underflowed = CSK_T(underflowed)(potentials, stride);
  return outcome;
}

// Adds a vector and fires every unit that is beyond the threshold once; bit i of `bits` says that
// unit i fired. Returns 0, with potentials half done, when some unit is beyond it twice.
static inline __attribute__((always_inline)) int CSK_T(fire_once)(
    CSK_REAL *potentials, const CSK_REAL *values, size_t whole, int is_signed, int32_t quantum,
    uint64_t *bits) {
  typedef CSK_T(vector) vector;
  typedef csk_ints ints;
  const vector quanta = (vector){0} + (CSK_REAL)quantum;
  ints repeats = {0};
  uint64_t word = 0;
  for (size_t first = 0; first < whole; first += CSK_LANES) {
    vector phi = *(const vector *)(potentials + first) + *(const vector *)(values + first);
    ints above = phi > CSK_ABOVE;
    repeats |= phi > CSK_TWICE_ABOVE;
    uint64_t mask = csk_mask(above);
    vector left = phi - (vector)((ints)quanta & above);
    if (is_signed) {
      ints below = phi < CSK_BELOW;
      repeats |= phi < CSK_TWICE_BELOW;
      mask |= csk_mask(below);
      left += (vector)((ints)quanta & below);
    }
    *(vector *)(potentials + first) = left;
    word |= mask << (first % 64);
    bits[first / 64] = word;
    if (first % 64 == 64 - CSK_LANES) word = 0;
  }
  return !csk_any(repeats);
}

static csk_outcome CSK_T(feed_vector)(CSK_REAL *potentials, const CSK_REAL *values,
                                          size_t units, int is_signed, int32_t quantum,
                                          int32_t *out, size_t out_capacity,
                                          csk_scratch scratch) {
  csk_outcome outcome = {CSK_DONE, 0, 0, 0, 0};
  memcpy(scratch.snapshot, potentials, units * sizeof(CSK_REAL));
  size_t count = 0, whole = units / CSK_LANES * CSK_LANES;
  int in_range = 1;
  // The other half of the firings is free until they are sorted.
  uint64_t *bits = (uint64_t *)(scratch.firings + scratch.capacity);
  int once = is_signed ? CSK_T(fire_once)(potentials, values, whole, 1, quantum, bits)
                       : CSK_T(fire_once)(potentials, values, whole, 0, quantum, bits);
  size_t rest = whole;
  if (once) {
    for (size_t first = 0; first < whole; first += 64) {
      for (uint64_t left = bits[first / 64]; left != 0; left &= left - 1) {
        size_t index = first + (size_t)__builtin_ctzll(left);
        CSK_REAL before = ((const CSK_REAL *)scratch.snapshot)[index] + values[index];
        int is_positive = before > 0;
        CSK_REAL size = is_positive ? before : -before;
        uint32_t tag;
        memcpy(&tag, &size, sizeof tag);
        scratch.firings[count++] = (csk_firing){
            .row = 0, .spike = is_positive ? (int32_t)index : ~(int32_t)index, .tag = tag,
            .count = 1};
      }
    }
  } else {
    memcpy(potentials, scratch.snapshot, whole * sizeof(CSK_REAL));
    rest = 0;
  }
  for (size_t index = rest; index < units && in_range; index++) {
    potentials[index] += values[index];
    in_range = CSK_T(fire)(potentials, index, is_signed, quantum, 0, scratch.firings, &count);
  }
  if (in_range) outcome.needed = csk_spikes_of(scratch.firings, count);
  if (!in_range || outcome.needed > out_capacity) {
    memcpy(potentials, scratch.snapshot, units * sizeof(CSK_REAL));
    outcome.status = in_range ? CSK_FULL : CSK_OUT_OF_RANGE;
    return outcome;
  }
  outcome.written = csk_emit(scratch.firings, count, scratch.firings + scratch.capacity,
                             CSK_JOIN(csk_lower, CSK_KIND), quantum, out);
  outcome.rows_done = 1;
  outcome.underflowed = CSK_T(underflowed)(potentials, units);
  return outcome;
}

#include "encode.h"
#include "step.h"

#undef CSK_T
#undef CSK_SELECT
#undef CSK_LANES
#undef CSK_LIMIT
#undef CSK_ABOVE
#undef CSK_BELOW
#undef CSK_TWICE_ABOVE
#undef CSK_TWICE_BELOW
#undef CSK_WORDS
