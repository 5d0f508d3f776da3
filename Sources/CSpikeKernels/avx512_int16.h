// Feeding rows of 16-bit weights to rectified integer units, on AVX-512 (included by branchless.h
// for integers): branchless_add with half of the bytes a row, and half of the vectors.
//
// For a run of R rows, R * largest <= what 16 bits hold, potentials are 16 bits wide. One that has
// sunk so far that R rows cannot make it fire stands at S / 2 - R * largest in the meantime: it
// cannot fire from there either. At the end of the run every 32-bit potential is moved as far as
// its 16-bit one has moved, so that nothing is lost however far it sinks.

// The longest run, a power of two, for weights of at most `largest`; less than 4: not worth it.
static size_t int16_run(int32_t quantum, int32_t largest, size_t run) {
  for (; run >= CSK_BRANCHLESS_SHORT_RUN; run /= 2) {
    int64_t most = (int64_t)run * largest;
    // No potential below the range, none above it, and no difference of two beyond it.
    if (quantum / 2 - 2 * most >= INT16_MIN && quantum / 2 + (int64_t)largest <= INT16_MAX &&
        quantum + most <= INT16_MAX) {
      return run;
    }
  }
  return 0;
}

// Rows of a chunk for `width` vectors of 32 units, starting at unit `first`; `has_rest` tells
// whether the second half of the last vector is there.
static inline __attribute__((always_inline)) void int16_add(
    int32_t *potentials, const int16_t *int16, size_t int16_stride, int32_t parked, size_t rows,
    CSK_T(branchless) chunk, int32_t quantum, size_t first, int has_rest, const int width) {
  __m512i phi[CSK_INT16_BLOCK], start[CSK_INT16_BLOCK];
  const __m512i above = _mm512_set1_epi16((int16_t)(quantum / 2));
  const __m512i quanta = _mm512_set1_epi16((int16_t)quantum), floor = _mm512_set1_epi32(parked);
  uint32_t *bits = chunk.fired + first / 32;
  __m512i low[CSK_INT16_BLOCK], high[CSK_INT16_BLOCK];
  potentials += first;
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) {
    low[v] = _mm512_loadu_si512(potentials + 32 * v);
    high[v] = _mm512_setzero_si512();
    if (v < width - 1 || has_rest) high[v] = _mm512_loadu_si512(potentials + 32 * v + 16);
  }
  for (size_t row = 0; row < rows;) {
    int32_t *starts = chunk.starts + row / chunk.run * chunk.stride + first;
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      _mm512_storeu_si512(starts + 32 * v, low[v]);
      if (v < width - 1 || has_rest) _mm512_storeu_si512(starts + 32 * v + 16, high[v]);
      __m256i lows = _mm512_cvtepi32_epi16(_mm512_max_epi32(low[v], floor));
      __m256i highs = _mm512_cvtepi32_epi16(_mm512_max_epi32(high[v], floor));
      start[v] = phi[v] = _mm512_inserti64x4(_mm512_castsi256_si512(lows), highs, 1);
    }
    size_t end = row + chunk.run < rows ? row + chunk.run : rows;
    for (; row < end; row++, bits += chunk.words) {
      const int16_t *weights = int16 + (size_t)chunk.spikes[row] * int16_stride + first;
#pragma clang loop unroll(full)
      for (int v = 0; v < width; v++) {
        phi[v] = _mm512_add_epi16(phi[v], _mm512_loadu_si512(weights + 32 * v));
        __mmask32 fired = _mm512_cmpgt_epi16_mask(phi[v], above);
        phi[v] = _mm512_mask_sub_epi16(phi[v], fired, phi[v], quanta);
        bits[v] = fired;
      }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < width; v++) {
      __m512i moved = _mm512_sub_epi16(phi[v], start[v]);
      low[v] =
          _mm512_add_epi32(low[v], _mm512_cvtepi16_epi32(_mm512_castsi512_si256(moved)));
      high[v] =
          _mm512_add_epi32(high[v], _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(moved, 1)));
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < width; v++) {
    _mm512_storeu_si512(potentials + 32 * v, low[v]);
    if (v < width - 1 || has_rest) _mm512_storeu_si512(potentials + 32 * v + 16, high[v]);
  }
}

// Calls int16_add with the number of vectors as a constant.
static void int16_add_all(int32_t *potentials, csk_int16_weights int16, size_t rows,
                                     CSK_T(branchless) chunk, int32_t quantum) {
  size_t stride = csk_int16_stride(chunk.stride);
  int32_t parked = quantum / 2 - (int32_t)chunk.run * int16.largest;
  for (size_t first = 0; first < stride; first += 32 * CSK_INT16_BLOCK) {
    size_t width = (stride - first) / 32;
    if (width > CSK_INT16_BLOCK) width = CSK_INT16_BLOCK;
    int has_rest = first + 32 * width <= chunk.stride;
    switch (width) {
#define CSK_CASE(n)                                                                       \
  case n:                                                                                 \
    int16_add(potentials, int16.weights, stride, parked, rows, chunk, quantum,   \
                         first, has_rest, n);                                             \
    break;
      CSK_CASE(1) CSK_CASE(2) CSK_CASE(3) CSK_CASE(4)
      CSK_CASE(5) CSK_CASE(6) CSK_CASE(7)
#undef CSK_CASE
      default: __builtin_unreachable();
    }
  }
}
