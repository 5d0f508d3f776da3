// Feeding rows to rectified units without a branch that depends on potentials, for one number type
// and one instruction set (included by feed.h).
//
// Which rows make something fire is not to be predicted, and a mispredicted branch costs more than
// a row. So a chunk of rows is added with masks for branches; who fired is read from the masks
// afterwards. Only where no unit can fire twice in a row: all |weights| are at most a
// quantum, so that a potential, at most half of it before a row, is at most 3/2 of it after the row.

typedef struct {
  const CSK_REAL *weights;
  const int16_t *int16;     // the same in 16 bits, or NULL
  const int32_t *spikes;     // of sign +: the units whose rows are added
  size_t stride;
  uint32_t *fired;           // a bitmap of the units that fired for each row, `words` long
  size_t words;              // a power of two
  CSK_REAL *starts;          // potentials before each run of rows
  size_t run;                // rows of a run, a power of two
  uint32_t *found;           // places in `fired` that are not zero
  int32_t *rows, *units;     // firings, in order of rows and units
  int32_t *tags;             // of those that are not alone in their row
} CSK_T(branchless);

// phi -= quantum where phi > quantum / 2; returns the lanes. A set with masked subtraction brings a
// function of its own.
static inline __attribute__((always_inline)) uint32_t CSK_T(branchless_fire)(CSK_T(vector) *phi,
                                                                             int32_t quantum) {
#if CSK_HAS_MASKS
  return CSK_T(csk_masked_fire)(phi, quantum);
#else
  typedef CSK_T(vector) vector;
  const vector quanta = (vector){0} + (CSK_REAL)quantum;
  csk_ints fired = *phi > CSK_ABOVE;
  *phi -= (vector)((csk_ints)quanta & fired);
  return csk_mask(fired);
#endif
}

// z + w. Where a set has fused units beside those that add, they take this one: one * w + z, with
// one of a value that the compiler does not see, is rounded once, like z + w.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(branchless_sum)(CSK_T(vector) z, CSK_T(vector) w, CSK_T(vector) one) {
#if CSK_HAS_MASKS && CSK_IS_FLOAT
  return (CSK_T(vector))csk_fused_sum((csk_floats)z, (csk_floats)w, (csk_floats)one);
#else
  (void)one;
  return z + w;
#endif
}

// phi += w, fire: the rows of a chunk, `width` vectors starting at column `first`. Where `sums` are
// given, z += w, too.
static inline __attribute__((always_inline)) void CSK_T(branchless_add)(
    CSK_REAL *potentials, CSK_REAL *sums, const int has_sums, size_t rows, CSK_T(branchless) chunk,
    int32_t quantum, size_t first, const int width) {
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
  uint8_t *bits = (uint8_t *)chunk.fired + first / 8;
  for (size_t row = 0; row < rows; row++, bits += chunk.words * sizeof *chunk.fired) {
    if (row % chunk.run == 0) {
      vector *start = (vector *)(chunk.starts + row / chunk.run * chunk.stride + first);
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) start[v] = phi[v];
    }
    const vector *weights =
        (const vector *)(chunk.weights + (size_t)chunk.spikes[row] * chunk.stride + first);
    size_t ahead = row + 2 < rows ? row + 2 : row;
    const char *next =
        (const char *)(chunk.weights + (size_t)chunk.spikes[ahead] * chunk.stride + first);
#pragma clang loop unroll(full)
    for (int line = 0; line < width * CSK_VECTOR_BYTES; line += 64) {
      __builtin_prefetch(next + line);
    }
    uint32_t half = 0;
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      phi[v] += weights[v];
      if (has_sums) z[v] = CSK_T(branchless_sum)(z[v], weights[v], one);
      uint32_t fired = CSK_T(branchless_fire)(&phi[v], quantum);
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

// Calls branchless_add with the number of vectors as a constant, so that they live in registers.
static inline void CSK_T(branchless_add_all)(CSK_REAL *potentials, CSK_REAL *sums, size_t rows,
                                        CSK_T(branchless) chunk, int32_t quantum) {
  size_t vectors = chunk.stride / CSK_LANES, block = sums ? CSK_SUMS_BLOCK : CSK_BLOCK;
  for (size_t v = 0; v < vectors; v += block) {
    size_t width = vectors - v < block ? vectors - v : block, first = v * CSK_LANES;
#define CSK_CASE(n)                                                              \
  case n:                                                                        \
    if (sums == NULL) {                                                          \
      CSK_T(branchless_add)(potentials, NULL, 0, rows, chunk, quantum, first, n);        \
    } else if (n <= CSK_SUMS_BLOCK) {                                            \
      CSK_T(branchless_add)(potentials, sums, 1, rows, chunk, quantum, first, n);        \
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
static size_t CSK_T(branchless_collect)(CSK_T(branchless) chunk, size_t rows) {
  typedef csk_ints ints;
  const uint64_t top = (uint64_t)1 << 63;
  size_t words = 0;
  for (size_t at = 0; at < rows * chunk.words; at += 64) {
    uint64_t left = 0;
#pragma clang loop unroll(full)
    for (size_t first = 0; first < 64; first += CSK_LANES) {
      ints lanes;
      memcpy(&lanes, chunk.fired + at + first, sizeof lanes);
      left |= (uint64_t)csk_mask(lanes != 0) << first;
    }
    // Four at a time, whether there are as many or not: how many is not to be predicted.
    uint32_t *next = chunk.found + words;
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
    uint32_t at = chunk.found[k];
    int32_t row = (int32_t)(at / (uint32_t)chunk.words);
    uint64_t left = chunk.fired[at];
    uint32_t base = at % (uint32_t)chunk.words * 32;
    do {
#pragma clang loop unroll(full)
      for (int two = 0; two < 2; two++) {
        chunk.rows[count] = row;
        chunk.units[count] = (int32_t)base + __builtin_ctzll(left | top);
        count += left != 0;
        left &= left - 1;
      }
    } while (left != 0);
  }
  return count;
}

// Fills `tied` with the firings that are not alone in their row; returns their number.
static inline size_t CSK_T(branchless_ties)(CSK_T(branchless) chunk, size_t count, int32_t *tied) {
  typedef csk_ints ints;
  size_t ties = 0;
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, before, after;
    memcpy(&row, chunk.rows + first, sizeof row);
    memcpy(&before, chunk.rows + first - 1, sizeof row);
    memcpy(&after, chunk.rows + first + 1, sizeof row);
    uint32_t left = csk_mask(((row == before) | (row == after)) & (row >= 0));
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
static inline int CSK_T(branchless_row_has_more)(CSK_T(branchless) chunk, size_t count,
                                                size_t most) {
  typedef csk_ints ints;
  ints found = {0};
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, later;
    memcpy(&row, chunk.rows + first, sizeof row);
    memcpy(&later, chunk.rows + first + most, sizeof row);
    found |= (row == later) & (row >= 0);
  }
  return csk_any(found);
}

// The vector of a row's weights from column `first` on.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(branchless_weights)(CSK_T(branchless) chunk, size_t row, size_t first) {
  size_t spike = (size_t)chunk.spikes[row];
#if defined(CSK_INT16_ROWS) && !CSK_IS_FLOAT
  if (chunk.int16 != NULL) {
    return csk_widened(chunk.int16 + spike * csk_int16_stride(chunk.stride) + first);
  }
#endif
  return *(const CSK_T(vector) *)(chunk.weights + spike * chunk.stride + first);
}

// The potentials of the units of `ties` firings when they fired: the additions since the start of
// the run, again, for the vector that holds the unit.
static __attribute__((noinline)) void CSK_T(branchless_tags)(CSK_T(branchless) chunk, const int32_t *tied,
                                                        size_t ties, int32_t quantum) {
  typedef CSK_T(vector) vector;
  typedef csk_ints ints;
  for (size_t k = 0; k < ties; k++) {
    size_t row = (size_t)chunk.rows[tied[k]], index = (size_t)chunk.units[tied[k]];
    size_t first = index & ~(CSK_LANES - 1), before = row & ~(chunk.run - 1);
    vector phi = *(const vector *)(chunk.starts + row / chunk.run * chunk.stride + first);
    // Three at a time, whether there are as many or not: zeros are added in place of the others.
    do {
#pragma clang loop unroll(full)
      for (int three = 0; three < CSK_BRANCHLESS_SHORT_RUN - 1; three++, before++) {
        size_t at = before < row ? before : row;
        ints counts = (ints){0} - (int32_t)(before < row);
        vector weights = CSK_T(branchless_weights)(chunk, at, first);
        phi += (vector)((ints)weights & counts);
        CSK_T(branchless_fire)(&phi, quantum);
      }
    } while (before < row);
    phi += CSK_T(branchless_weights)(chunk, row, first);
    CSK_REAL tags[CSK_LANES];
    memcpy(tags, &phi, sizeof tags);
    memcpy(&chunk.tags[tied[k]], &tags[index - first], sizeof *tags);
  }
}

// Writes the units that fired to `out`: by row, within a row by decreasing tag, then by unit. No
// more than `most` fire for a row.
//
// A firing changes places with those beside it: it goes behind each later one of its row with a
// greater tag, and before each earlier one with a smaller tag.
static inline void CSK_T(branchless_order)(CSK_T(branchless) chunk, size_t count, size_t most,
                                      int32_t *out) {
  typedef csk_ints ints;
  for (size_t first = 0; first < count; first += CSK_LANES) {
    ints row, tag, moved = {0}, other_row, other_tag;
    memcpy(&row, chunk.rows + first, sizeof row);
    memcpy(&tag, chunk.tags + first, sizeof tag);
    for (size_t apart = 1; apart < most; apart++) {
      memcpy(&other_row, chunk.rows + first + apart, sizeof row);
      memcpy(&other_tag, chunk.tags + first + apart, sizeof tag);
      moved -= (other_row == row) & (other_tag > tag);
      memcpy(&other_row, chunk.rows + first - apart, sizeof row);
      memcpy(&other_tag, chunk.tags + first - apart, sizeof tag);
      moved += (other_row == row) & (other_tag < tag);
    }
    int32_t places[CSK_LANES];
    memcpy(places, &moved, sizeof places);
    size_t end = count - first < CSK_LANES ? count - first : CSK_LANES;
    for (size_t k = 0; k < end; k++) {
      out[(ptrdiff_t)(first + k) + places[k]] = chunk.units[first + k];
    }
  }
}

// Takes `bytes` of the scratch memory, from a boundary of a cache line.
static inline void *CSK_T(branchless_memory)(char **free, size_t bytes) {
  char *start = (char *)(((uintptr_t)*free + 63) & ~(uintptr_t)63);
  *free = start + bytes;
  return start;
}

// A list of so many numbers, with room on both sides for those that are read beside them.
static inline int32_t *CSK_T(branchless_list)(char **free, size_t count) {
  int32_t *start =
      CSK_T(branchless_memory)(free, (count + 2 * CSK_BRANCHLESS_FIRINGS + CSK_LANES) * sizeof *start);
  return start + CSK_BRANCHLESS_FIRINGS;
}

// Rows of 16 bits are a set's own: see avx512_int16.h.
#if defined(CSK_INT16_ROWS) && !CSK_IS_FLOAT
#include CSK_INT16_ROWS
#endif

// Feeds a chunk of rows. Returns 0, and leaves potentials and sums changed, when it must be done by
// the general path: spikes of sign -, no room, little scratch memory, or a row in which very many
// fire. `run` is the length of runs, and becomes the one that suits the next chunk.
static int CSK_T(branchless_rows)(CSK_REAL *potentials, CSK_REAL *sums, const CSK_REAL *weights,
                             csk_int16_weights int16, size_t stride, const int32_t *spikes,
                             size_t rows, size_t *run, int32_t quantum, int32_t *out, size_t room,
                             csk_scratch scratch, size_t *written) {
  int32_t signs = 0;
  for (size_t row = 0; row < rows; row++) signs |= spikes[row];
  if (signs < 0) return 0;
  CSK_T(branchless) chunk = {
      .weights = weights, .spikes = spikes, .stride = stride, .words = 1, .run = *run};
  while (chunk.words * 32 < stride) chunk.words *= 2;
#if defined(CSK_INT16_ROWS) && !CSK_IS_FLOAT
  if (int16.weights != NULL) {
    size_t most = int16_run(quantum, int16.largest, chunk.run);
    if (most == 0) int16.weights = NULL;
    if (most != 0) chunk.run = most;
  }
#else
  (void)int16;
#endif
  // About 20 of the 32 bytes of scratch memory for each of rows * stride elements.
  char *free = (char *)scratch.firings;
  size_t bitmap = (rows * chunk.words + 63) / 64 * 64;
  chunk.fired = CSK_T(branchless_memory)(&free, bitmap * sizeof *chunk.fired);
  chunk.starts = CSK_T(branchless_memory)(
      &free, (rows + chunk.run - 1) / chunk.run * stride * sizeof *chunk.starts);
  chunk.found = CSK_T(branchless_memory)(&free, (bitmap + 4) * sizeof *chunk.found);
  chunk.rows = CSK_T(branchless_list)(&free, rows * stride);
  chunk.tags = CSK_T(branchless_list)(&free, rows * stride);
  chunk.units = CSK_T(branchless_list)(&free, rows * stride);
  int32_t *tied = CSK_T(branchless_list)(&free, rows * stride);
  if (free > (char *)(scratch.firings + 2 * scratch.capacity)) return 0;
  for (int k = 1; k <= CSK_BRANCHLESS_FIRINGS; k++) chunk.rows[-k] = -1;
  memset(chunk.fired, 0, bitmap * sizeof *chunk.fired);

#if defined(CSK_INT16_ROWS) && !CSK_IS_FLOAT
  chunk.int16 = int16.weights;
  if (int16.weights != NULL) {
    int16_add_all(potentials, int16, rows, chunk, quantum);
  } else {
    CSK_T(branchless_add_all)(potentials, sums, rows, chunk, quantum);
  }
#else
  CSK_T(branchless_add_all)(potentials, sums, rows, chunk, quantum);
#endif
  size_t count = CSK_T(branchless_collect)(chunk, rows);
  if (count > room) return 0;
  for (int k = 0; k < CSK_BRANCHLESS_FIRINGS + (int)CSK_LANES; k++) chunk.rows[count + (size_t)k] = -1;
  size_t ties = CSK_T(branchless_ties)(chunk, count, tied), most = 1;
  while (ties > 0 && most <= CSK_BRANCHLESS_FIRINGS && CSK_T(branchless_row_has_more)(chunk, count, most)) {
    most++;
  }
  if (most > CSK_BRANCHLESS_FIRINGS) return 0;
  *run = 4 * ties > rows ? CSK_BRANCHLESS_SHORT_RUN : CSK_BRANCHLESS_LONG_RUN;
  CSK_T(branchless_tags)(chunk, tied, ties, quantum);
  CSK_T(branchless_order)(chunk, count, most, out);
  *written = count;
  return 1;
}
