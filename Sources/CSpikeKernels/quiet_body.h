// Feeding rows to rectified Float units without a branch that depends on potentials, for AVX-512.
//
// Which rows make something fire is not to be predicted, and a mispredicted branch costs more than
// a row. So a chunk of rows is added with masks for branches; who fired is read from the masks
// afterwards. Only where no unit can fire twice in a row: all |weights| <= 1, so that a potential,
// at most 1/2 before a row, is at most 3/2 after it.

// Rows between two stored states of the potentials.
#define CSK_QUIET_RUN 8
// More vectors of potentials than this do not stay in registers.
#define CSK_QUIET_VECTORS 16
// Rows that make more units fire than this are left to the sorts of the general path.
#define CSK_QUIET_FIRINGS 24

typedef struct {
  uint16_t (*masks)[CSK_QUIET_VECTORS];  // [row][vector]: who fired
  float *starts;                         // potentials before each run of rows
  const float **rows_at;                 // the weight row of each spike, and two more to prefetch
  size_t stride;
} csk_quiet;

// phi += w; fired = phi > 1/2; phi -= 1 where fired.
static inline __attribute__((always_inline)) void csk_quiet_add(float *potentials, size_t rows,
                                                                csk_quiet quiet,
                                                                const int width) {
  __m512 phi[CSK_QUIET_VECTORS];
  const __m512 half = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1.0f);
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) phi[v] = _mm512_loadu_ps(potentials + 16 * v);
  for (size_t row = 0; row < rows; row++) {
    if (row % CSK_QUIET_RUN == 0) {
      float *start = quiet.starts + row / CSK_QUIET_RUN * quiet.stride;
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) _mm512_storeu_ps(start + 16 * v, phi[v]);
    }
    const float *weights = quiet.rows_at[row], *next = quiet.rows_at[row + 2];
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      __builtin_prefetch(next + 16 * v);
      phi[v] = _mm512_add_ps(phi[v], _mm512_loadu_ps(weights + 16 * v));
      __mmask16 fired = _mm512_cmp_ps_mask(phi[v], half, _CMP_GT_OQ);
      phi[v] = _mm512_mask_sub_ps(phi[v], fired, phi[v], one);
      quiet.masks[row][v] = fired;
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) _mm512_storeu_ps(potentials + 16 * v, phi[v]);
}

// The potential of a unit when it fired in a row: the additions since the start of the run, again.
static inline float csk_quiet_tag(csk_quiet quiet, size_t row, size_t unit) {
  float phi = quiet.starts[row / CSK_QUIET_RUN * quiet.stride + unit];
  for (size_t before = row - row % CSK_QUIET_RUN; before < row; before++) {
    phi += quiet.rows_at[before][unit];
    phi -= (float)((quiet.masks[before][unit / 16] >> (unit % 16)) & 1);
  }
  return phi + quiet.rows_at[row][unit];
}

// Writes the spikes of one row to `out`, which has room for them; returns their number.
static inline size_t csk_quiet_emit(csk_quiet quiet, size_t row, size_t fired, int32_t *out) {
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
  float tags[CSK_QUIET_FIRINGS];
  for (size_t k = 0; k < fired; k++) tags[k] = csk_quiet_tag(quiet, row, (size_t)units[k]);
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
static int csk_quiet_rows(float *potentials, const float *weights, size_t stride,
                          const int32_t *spikes, size_t rows, int32_t *out, size_t room,
                          void *memory, size_t *written) {
  const float *rows_at[CSK_CHUNK_ROWS + 2];
  int32_t signs = 0;
  for (size_t row = 0; row < rows; row++) {
    signs |= spikes[row];
    rows_at[row] = weights + csk_unit_of(spikes[row]) * stride;
  }
  if (signs < 0) return 0;
  rows_at[rows] = rows_at[rows + 1] = rows_at[rows - 1];
  csk_quiet quiet = {.masks = memory, .rows_at = rows_at, .stride = stride};
  quiet.starts = (float *)(quiet.masks + rows);
  memset(quiet.masks, 0, rows * sizeof *quiet.masks);
  switch (stride / 16) {
#define CSK_CASE(n)                             \
  case n:                                       \
    csk_quiet_add(potentials, rows, quiet, n); \
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
  for (size_t i = 0; i < count; i++) at += csk_quiet_emit(quiet, firing[i], fired[i], out + at);
  *written = at;
  return 1;
}
