// Feeding rows to rectified units without a branch that depends on potentials, for one number type
// and one instruction set (included by feed_body.h).
//
// Which rows make something fire is not to be predicted, and a mispredicted branch costs more than
// a row. So a chunk of rows is added with masks for branches; who fired is read from the masks
// afterwards. Only where no unit can fire twice in a row: all |weights| are at most the worth of a
// spike, so that a potential, at most half of it before a row, is at most 3/2 of it after the row.

typedef struct {
  const CSK_REAL *weights;
  const int16_t *narrow;     // the same in 16 bits, or NULL
  const int32_t *spikes;     // of sign +: the units whose rows are added
  size_t stride;
  uint32_t *fired;           // a bitmap of the units that fired for each row, `words` long
  size_t words;              // a power of two
  CSK_REAL *starts;          // potentials before each run of rows
  size_t run;                // rows of a run, a power of two
  uint32_t *found;           // places in `fired` that are not zero
  int32_t *rows, *units;     // firings, in order of rows and units
  int32_t *tags;             // of those that are not alone in their row
} CSK_T(quiet);

// phi -= worth where phi > unit / 2; returns the lanes.
static inline __attribute__((always_inline)) uint32_t CSK_T(quiet_fire)(CSK_T(vector) *phi,
                                                                        int32_t unit) {
  typedef CSK_T(vector) vector;
  const vector worth = (vector){0} + (CSK_REAL)unit;
#if CSK_HAS_MASKS && CSK_IS_FLOAT
  __mmask16 fired = _mm512_cmp_ps_mask((__m512)*phi, _mm512_set1_ps(CSK_ABOVE), _CMP_GT_OQ);
  *phi = (vector)_mm512_mask_sub_ps((__m512)*phi, fired, (__m512)*phi, (__m512)worth);
  return fired;
#elif CSK_HAS_MASKS
  __mmask16 fired = _mm512_cmpgt_epi32_mask((__m512i)*phi, _mm512_set1_epi32(CSK_ABOVE));
  *phi = (vector)_mm512_mask_sub_epi32((__m512i)*phi, fired, (__m512i)*phi, (__m512i)worth);
  return fired;
#else
  (void)unit;
  CSK_NAME(csk_ints) fired = *phi > CSK_ABOVE;
  *phi -= (vector)((CSK_NAME(csk_ints))worth & fired);
  return CSK_NAME(mask)(fired);
#endif
}

// z + w. Where a set has fused units beside those that add, they take this one: one * w + z, with
// one of a value that the compiler does not see, is rounded once, like z + w.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(quiet_sum)(CSK_T(vector) z, CSK_T(vector) w, CSK_T(vector) one) {
#if CSK_HAS_MASKS && CSK_IS_FLOAT
  return (CSK_T(vector))_mm512_fmadd_ps((__m512)w, (__m512)one, (__m512)z);
#else
  (void)one;
  return z + w;
#endif
}

// phi += w, fire: the rows of a chunk, `width` vectors starting at column `first`. Where `sums` are
// given, z += w, too.
static inline __attribute__((always_inline)) void CSK_T(quiet_add)(
    CSK_REAL *potentials, CSK_REAL *sums, const int has_sums, size_t rows, CSK_T(quiet) quiet,
    int32_t unit, size_t first, const int width) {
  typedef CSK_T(vector) vector;
  vector phi[CSK_BLOCK], z[CSK_BLOCK], *stored = (vector *)(potentials + first);
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) {
    phi[v] = stored[v];
    if (has_sums) z[v] = ((vector *)(sums + first))[v];
  }
  vector one = (vector){0} + 1;
#if CSK_HAS_MASKS
  __asm__("" : "+v"(one));
#endif
  uint8_t *bits = (uint8_t *)quiet.fired + first / 8;
  for (size_t row = 0; row < rows; row++, bits += quiet.words * sizeof *quiet.fired) {
    if (row % quiet.run == 0) {
      vector *start = (vector *)(quiet.starts + row / quiet.run * quiet.stride + first);
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) start[v] = phi[v];
    }
    const vector *weights =
        (const vector *)(quiet.weights + (size_t)quiet.spikes[row] * quiet.stride + first);
    size_t ahead = row + 2 < rows ? row + 2 : row;
    const char *next =
        (const char *)(quiet.weights + (size_t)quiet.spikes[ahead] * quiet.stride + first);
#pragma clang loop unroll(full)
    for (int line = 0; line < width * CSK_VECTOR_BYTES; line += 64) {
      __builtin_prefetch(next + line);
    }
    uint32_t half = 0;
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      phi[v] += weights[v];
      if (has_sums) z[v] = CSK_T(quiet_sum)(z[v], weights[v], one);
      uint32_t fired = CSK_T(quiet_fire)(&phi[v], unit);
      if (CSK_LANES == 16) {
        // By copy: the bitmap is of other integers.
        uint16_t lanes = (uint16_t)fired;
        memcpy(bits + 2 * v, &lanes, sizeof lanes);
      } else if (CSK_LANES == 8) {
        bits[v] = (uint8_t)fired;
      } else if (v % 2 == 0) {
        half = fired;
      } else {
        bits[v / 2] = (uint8_t)(half | fired << 4);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) {
    stored[v] = phi[v];
    if (has_sums) ((vector *)(sums + first))[v] = z[v];
  }
}

// Calls quiet_add with the number of vectors as a constant, so that they live in registers.
static inline void CSK_T(quiet_add_all)(CSK_REAL *potentials, CSK_REAL *sums, size_t rows,
                                        CSK_T(quiet) quiet, int32_t unit) {
  size_t vectors = quiet.stride / CSK_LANES, block = sums ? CSK_SUMS_BLOCK : CSK_BLOCK;
  for (size_t v = 0; v < vectors; v += block) {
    size_t width = vectors - v < block ? vectors - v : block, first = v * CSK_LANES;
#define CSK_CASE(n)                                                              \
  case n:                                                                        \
    if (sums == NULL) {                                                          \
      CSK_T(quiet_add)(potentials, NULL, 0, rows, quiet, unit, first, n);        \
    } else if (n <= CSK_SUMS_BLOCK) {                                            \
      CSK_T(quiet_add)(potentials, sums, 1, rows, quiet, unit, first, n);        \
    }                                                                            \
    break;
    switch (width) {
      CSK_WIDTHS(CSK_CASE)
      default: __builtin_unreachable();
    }
#undef CSK_CASE
  }
}

// Fills `rows` and `units` with who fired in a chunk of rows; returns their number.
static size_t CSK_T(quiet_collect)(CSK_T(quiet) quiet, size_t rows) {
  typedef CSK_NAME(csk_ints) ints;
  const uint64_t top = (uint64_t)1 << 63;
  size_t words = 0;
  for (size_t at = 0; at < rows * quiet.words; at += 64) {
    uint64_t left = 0;
#pragma clang loop unroll(full)
    for (size_t first = 0; first < 64; first += CSK_LANES) {
      ints lanes;
      memcpy(&lanes, quiet.fired + at + first, sizeof lanes);
      left |= (uint64_t)CSK_NAME(mask)(lanes != 0) << first;
    }
    // Four at a time, whether there are as many or not: how many is not to be predicted.
    uint32_t *next = quiet.found + words;
    words += (size_t)__builtin_popcountll(left);
    do {
#pragma clang loop unroll(full)
      for (int k = 0; k < 4; k++) {
        *next++ = (uint32_t)at + (uint32_t)__builtin_ctzll(left | top);
        left &= left - 1;
      }
    } while (left != 0);
  }
  size_t count = 0;
  for (size_t k = 0; k < words; k++) {
    uint32_t at = quiet.found[k];
    int32_t row = (int32_t)(at / (uint32_t)quiet.words);
    uint64_t left = quiet.fired[at];
    uint32_t base = at % (uint32_t)quiet.words * 32;
    do {
#pragma clang loop unroll(full)
      for (int two = 0; two < 2; two++) {
        quiet.rows[count] = row;
        quiet.units[count] = (int32_t)base + __builtin_ctzll(left | top);
        count += left != 0;
        left &= left - 1;
      }
    } while (left != 0);
  }
  return count;
}

// Fills `tied` with the firings that are not alone in their row; returns their number.
static inline size_t CSK_T(quiet_ties)(CSK_T(quiet) quiet, size_t count, int32_t *tied) {
  typedef CSK_NAME(csk_ints) ints;
  size_t ties = 0;
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, before, after;
    memcpy(&row, quiet.rows + first, sizeof row);
    memcpy(&before, quiet.rows + first - 1, sizeof row);
    memcpy(&after, quiet.rows + first + 1, sizeof row);
    uint32_t left = CSK_NAME(mask)(((row == before) | (row == after)) & (row >= 0));
    int32_t *next = tied + ties;
    ties += (size_t)__builtin_popcount(left);
    do {
#pragma clang loop unroll(full)
      for (int k = 0; k < 4; k++) {
        *next++ = (int32_t)first + __builtin_ctz(left | 1u << 31);
        left &= left - 1;
      }
    } while (left != 0);
  }
  return ties;
}

// Whether more than `most` units fired for some row.
static inline int CSK_T(quiet_row_has_more)(CSK_T(quiet) quiet, size_t count,
                                                size_t most) {
  typedef CSK_NAME(csk_ints) ints;
  ints found = {0};
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, later;
    memcpy(&row, quiet.rows + first, sizeof row);
    memcpy(&later, quiet.rows + first + most, sizeof row);
    found |= (row == later) & (row >= 0);
  }
  return CSK_NAME(any)(found);
}

// The vector of a row's weights from column `first` on.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(quiet_weights)(CSK_T(quiet) quiet, size_t row, size_t first) {
  size_t spike = (size_t)quiet.spikes[row];
#if CSK_HAS_MASKS && !CSK_IS_FLOAT
  if (quiet.narrow != NULL) {
    const void *at = quiet.narrow + spike * csk_narrow_stride(quiet.stride) + first;
    return (CSK_T(vector))_mm512_cvtepi16_epi32(_mm256_loadu_si256(at));
  }
#endif
  return *(const CSK_T(vector) *)(quiet.weights + spike * quiet.stride + first);
}

// The potentials of the units of `ties` firings when they fired: the additions since the start of
// the run, again, for the vector that holds the unit.
static __attribute__((noinline)) void CSK_T(quiet_tags)(CSK_T(quiet) quiet, const int32_t *tied,
                                                        size_t ties, int32_t unit) {
  typedef CSK_T(vector) vector;
  typedef CSK_NAME(csk_ints) ints;
  for (size_t k = 0; k < ties; k++) {
    size_t row = (size_t)quiet.rows[tied[k]], index = (size_t)quiet.units[tied[k]];
    size_t first = index & ~(CSK_LANES - 1), before = row & ~(quiet.run - 1);
    vector phi = *(const vector *)(quiet.starts + row / quiet.run * quiet.stride + first);
    // Three at a time, whether there are as many or not: zeros are added in place of the others.
    do {
#pragma clang loop unroll(full)
      for (int three = 0; three < CSK_QUIET_SHORT_RUN - 1; three++, before++) {
        size_t at = before < row ? before : row;
        ints counts = (ints){0} - (int32_t)(before < row);
        vector weights = CSK_T(quiet_weights)(quiet, at, first);
        phi += (vector)((ints)weights & counts);
        CSK_T(quiet_fire)(&phi, unit);
      }
    } while (before < row);
    phi += CSK_T(quiet_weights)(quiet, row, first);
    CSK_REAL tags[CSK_LANES];
    memcpy(tags, &phi, sizeof tags);
    memcpy(&quiet.tags[tied[k]], &tags[index - first], sizeof *tags);
  }
}

// Writes the units that fired to `out`: by row, within a row by decreasing tag, then by unit. No
// more than `most` fire for a row.
//
// A firing changes places with those beside it: it goes behind each later one of its row with a
// greater tag, and before each earlier one with a smaller tag.
static inline void CSK_T(quiet_order)(CSK_T(quiet) quiet, size_t count, size_t most,
                                      int32_t *out) {
  typedef CSK_NAME(csk_ints) ints;
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, tag, moved = {0}, other_row, other_tag;
    memcpy(&row, quiet.rows + first, sizeof row);
    memcpy(&tag, quiet.tags + first, sizeof tag);
    for (size_t apart = 1; apart < most; apart++) {
      memcpy(&other_row, quiet.rows + first + apart, sizeof row);
      memcpy(&other_tag, quiet.tags + first + apart, sizeof tag);
      moved -= (other_row == row) & (other_tag > tag);
      memcpy(&other_row, quiet.rows + first - apart, sizeof row);
      memcpy(&other_tag, quiet.tags + first - apart, sizeof tag);
      moved += (other_row == row) & (other_tag < tag);
    }
    int32_t places[CSK_LANES];
    memcpy(places, &moved, sizeof places);
    size_t end = count - first < CSK_LANES ? count - first : CSK_LANES;
    for (size_t k = 0; k < end; k++) {
      out[(ptrdiff_t)(first + k) + places[k]] = quiet.units[first + k];
    }
  }
}

// Takes `bytes` of the scratch memory, from a boundary of a cache line.
static inline void *CSK_T(quiet_memory)(char **free, size_t bytes) {
  char *start = (char *)(((uintptr_t)*free + 63) & ~(uintptr_t)63);
  *free = start + bytes;
  return start;
}

// A list of so many numbers, with room on both sides for those that are read beside them.
static inline int32_t *CSK_T(quiet_list)(char **free, size_t count) {
  int32_t *start =
      CSK_T(quiet_memory)(free, (count + 2 * CSK_QUIET_FIRINGS + CSK_LANES) * sizeof *start);
  return start + CSK_QUIET_FIRINGS;
}

#if CSK_HAS_MASKS && !CSK_IS_FLOAT
#include "narrow_body.h"
#endif

// Feeds a chunk of rows. Returns 0, and leaves potentials and sums changed, when it must be done by
// the general path: spikes of sign -, no room, little scratch memory, or a row in which very many
// fire. `run` is the length of runs, and becomes the one that suits the next chunk.
static int CSK_T(quiet_rows)(CSK_REAL *potentials, CSK_REAL *sums, const CSK_REAL *weights,
                             csk_narrow narrow, size_t stride, const int32_t *spikes,
                             size_t rows, size_t *run, int32_t unit, int32_t *out, size_t room,
                             csk_scratch scratch, size_t *written) {
  int32_t signs = 0;
  for (size_t row = 0; row < rows; row++) signs |= spikes[row];
  if (signs < 0) return 0;
  CSK_T(quiet) quiet = {
      .weights = weights, .spikes = spikes, .stride = stride, .words = 1, .run = *run};
  while (quiet.words * 32 < stride) quiet.words *= 2;
#if CSK_HAS_MASKS && !CSK_IS_FLOAT
  if (narrow.weights != NULL) {
    size_t most = CSK_NAME(narrow_run)(unit, narrow.largest, quiet.run);
    if (most == 0) narrow.weights = NULL;
    if (most != 0) quiet.run = most;
  }
#else
  (void)narrow;
#endif
  // About 20 of the 32 bytes of scratch memory for each of rows * stride elements.
  char *free = (char *)scratch.firings;
  size_t bitmap = (rows * quiet.words + 63) / 64 * 64;
  quiet.fired = CSK_T(quiet_memory)(&free, bitmap * sizeof *quiet.fired);
  quiet.starts = CSK_T(quiet_memory)(
      &free, (rows + quiet.run - 1) / quiet.run * stride * sizeof *quiet.starts);
  quiet.found = CSK_T(quiet_memory)(&free, (bitmap + 4) * sizeof *quiet.found);
  quiet.rows = CSK_T(quiet_list)(&free, rows * stride);
  quiet.tags = CSK_T(quiet_list)(&free, rows * stride);
  quiet.units = CSK_T(quiet_list)(&free, rows * stride);
  int32_t *tied = CSK_T(quiet_list)(&free, rows * stride);
  if (free > (char *)(scratch.firings + 2 * scratch.capacity)) return 0;
  for (int k = 1; k <= CSK_QUIET_FIRINGS; k++) quiet.rows[-k] = -1;
  memset(quiet.fired, 0, bitmap * sizeof *quiet.fired);

#if CSK_HAS_MASKS && !CSK_IS_FLOAT
  quiet.narrow = narrow.weights;
  if (narrow.weights != NULL) {
    CSK_NAME(narrow_add_all)(potentials, narrow, rows, quiet, unit);
  } else {
    CSK_T(quiet_add_all)(potentials, sums, rows, quiet, unit);
  }
#else
  CSK_T(quiet_add_all)(potentials, sums, rows, quiet, unit);
#endif
  size_t count = CSK_T(quiet_collect)(quiet, rows);
  if (count > room) return 0;
  for (int k = 0; k < CSK_QUIET_FIRINGS + (int)CSK_LANES; k++) quiet.rows[count + (size_t)k] = -1;
  size_t ties = CSK_T(quiet_ties)(quiet, count, tied), most = 1;
  while (ties > 0 && most <= CSK_QUIET_FIRINGS && CSK_T(quiet_row_has_more)(quiet, count, most)) {
    most++;
  }
  if (most > CSK_QUIET_FIRINGS) return 0;
  *run = 4 * ties > rows ? CSK_QUIET_SHORT_RUN : CSK_QUIET_LONG_RUN;
  CSK_T(quiet_tags)(quiet, tied, ties, unit);
  CSK_T(quiet_order)(quiet, count, most, out);
  *written = count;
  return 1;
}
