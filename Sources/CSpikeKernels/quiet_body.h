// Feeding rows to rectified units without a branch that depends on potentials, for one number type
// on AVX-512 (included by feed_body.h).
//
// Which rows make something fire is not to be predicted, and a mispredicted branch costs more than
// a row. So a chunk of rows is added with masks for branches; who fired is read from the masks
// afterwards. Only where no unit can fire twice in a row: all |weights| are at most the worth of a
// spike, so that a potential, at most half of it before a row, is at most 3/2 of it after the row.

// a - b in the lanes of the mask.
static inline __attribute__((always_inline)) CSK_T(vector)
    CSK_T(quiet_take)(CSK_T(vector) a, __mmask16 mask, CSK_T(vector) b) {
#if CSK_IS_FLOAT
  return (CSK_T(vector))_mm512_mask_sub_ps((__m512)a, mask, (__m512)a, (__m512)b);
#else
  return (CSK_T(vector))_mm512_mask_sub_epi32((__m512i)a, mask, (__m512i)a, (__m512i)b);
#endif
}

typedef struct {
  uint16_t (*masks)[CSK_QUIET_VECTORS];  // [row][vector]: who fired
  CSK_REAL *starts;                      // potentials before each run of rows
  const CSK_REAL **rows_at;              // the weight row of each spike, and two more to prefetch
  size_t stride;
} CSK_T(quiet);

// phi += w; fired = phi > unit / 2; phi -= unit where fired.
static inline __attribute__((always_inline)) void CSK_T(quiet_add)(
    CSK_REAL *potentials, size_t rows, CSK_T(quiet) quiet, int32_t unit, const int width) {
  typedef CSK_T(vector) vector;
  vector phi[CSK_QUIET_VECTORS], *stored = (vector *)potentials;
  const vector worth = (vector){0} + (CSK_REAL)unit;
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) phi[v] = stored[v];
  for (size_t row = 0; row < rows; row++) {
    if (row % CSK_QUIET_RUN == 0) {
      vector *start = (vector *)(quiet.starts + row / CSK_QUIET_RUN * quiet.stride);
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) start[v] = phi[v];
    }
    const vector *weights = (const vector *)quiet.rows_at[row];
    const vector *next = (const vector *)quiet.rows_at[row + 2];
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      __builtin_prefetch(next + v);
      phi[v] += weights[v];
      __mmask16 fired = (__mmask16)CSK_NAME(mask)(phi[v] > CSK_ABOVE);
      phi[v] = CSK_T(quiet_take)(phi[v], fired, worth);
      quiet.masks[row][v] = fired;
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) stored[v] = phi[v];
}

// The potential of a unit when it fired in a row: the additions since the start of the run, again.
static inline CSK_REAL CSK_T(quiet_tag)(CSK_T(quiet) quiet, size_t row, size_t index,
                                        int32_t unit) {
  CSK_REAL phi = quiet.starts[row / CSK_QUIET_RUN * quiet.stride + index];
  for (size_t before = row - row % CSK_QUIET_RUN; before < row; before++) {
    phi += quiet.rows_at[before][index];
    phi -= (CSK_REAL)(((quiet.masks[before][index / 16] >> (index % 16)) & 1) * unit);
  }
  return phi + quiet.rows_at[row][index];
}

// Writes the spikes of one row to `out`, which has room for them; returns their number.
static inline size_t CSK_T(quiet_emit)(CSK_T(quiet) quiet, size_t row, size_t fired,
                                       int32_t unit, int32_t *out) {
  uint64_t words[4];
  memcpy(words, quiet.masks[row], sizeof words);
  int32_t units[CSK_QUIET_FIRINGS];
  for (size_t k = 0; k < fired; k++) {
    // The lowest unit of all words: chosen, not searched for.
    int first = words[0] == 0, second = first & (words[1] == 0), third = second & (words[2] == 0);
    int word = first + second + third;
    uint64_t left = third ? words[3] : second ? words[2] : first ? words[1] : words[0];
    uint64_t rest = left & (left - 1);
    for (int w = 0; w < 4; w++) words[w] = word == w ? rest : words[w];
    units[k] = word * 64 + __builtin_ctzll(left);
  }
  if (fired == 1) {
    out[0] = units[0];
    return 1;
  }
  CSK_REAL tags[CSK_QUIET_FIRINGS];
  for (size_t k = 0; k < fired; k++) {
    tags[k] = CSK_T(quiet_tag)(quiet, row, (size_t)units[k], unit);
  }
  if (fired == 2) {
    int swaps = tags[1] > tags[0];
    out[0] = units[swaps];
    out[1] = units[1 - swaps];
    return 2;
  }
  for (size_t k = 0; k < fired; k++) {
    size_t rank = 0;
    for (size_t other = 0; other < fired; other++) {
      rank += (tags[other] > tags[k]) | ((tags[other] == tags[k]) & (other < k));
    }
    out[rank] = units[k];
  }
  return fired;
}

// Feeds a chunk of rows. Returns 0, and leaves potentials changed, when it must be done by the
// general path: spikes of sign -, no room, or a row in which very many fire.
static int CSK_T(quiet_rows)(CSK_REAL *potentials, const CSK_REAL *weights, size_t stride,
                             const int32_t *spikes, size_t rows, int32_t unit, int32_t *out,
                             size_t room, void *memory, size_t *written) {
  const CSK_REAL *rows_at[CSK_CHUNK_ROWS + 2];
  int32_t signs = 0;
  for (size_t row = 0; row < rows; row++) {
    signs |= spikes[row];
    rows_at[row] = weights + csk_unit_of(spikes[row]) * stride;
  }
  if (signs < 0) return 0;
  rows_at[rows] = rows_at[rows + 1] = rows_at[rows - 1];
  CSK_T(quiet) quiet = {.masks = memory, .rows_at = rows_at, .stride = stride};
  quiet.starts = (CSK_REAL *)(quiet.masks + rows);
  memset(quiet.masks, 0, rows * sizeof *quiet.masks);
  switch (stride / 16) {
#define CSK_CASE(n)                                         \
  case n:                                                   \
    CSK_T(quiet_add)(potentials, rows, quiet, unit, n);     \
    break;
    CSK_WIDTHS(CSK_CASE)
#undef CSK_CASE
    default: __builtin_unreachable();
  }
  uint8_t firing[CSK_CHUNK_ROWS + 1], fired[CSK_CHUNK_ROWS + 1];
  size_t count = 0, needed = 0, most = 0;
  for (size_t row = 0; row < rows; row++) {
    uint64_t words[4];
    memcpy(words, quiet.masks[row], sizeof words);
    size_t units = 0;
    for (int w = 0; w < 4; w++) units += (size_t)__builtin_popcountll(words[w]);
    firing[count] = (uint8_t)row;
    fired[count] = (uint8_t)units;
    count += units != 0;
    needed += units;
    most = units > most ? units : most;
  }
  if (needed > room || most > CSK_QUIET_FIRINGS) return 0;
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    at += CSK_T(quiet_emit)(quiet, firing[i], fired[i], unit, out + at);
  }
  *written = at;
  return 1;
}
