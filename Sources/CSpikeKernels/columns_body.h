// Counts of input spikes, and the columns of a weight matrix that error spikes read and change,
// for one number type and one instruction set (see kernels_body.h).

#define CSK_T(name) CSK_NAME(CSK_JOIN(name, CSK_KIND))
#define CSK_LANES (CSK_VECTOR_BYTES / sizeof(CSK_REAL))

// counts[unit] += sign of each spike.
static void CSK_T(count)(CSK_REAL *counts, const int32_t *spikes, size_t spike_count) {
  for (size_t s = 0; s < spike_count; s++) {
    counts[csk_unit_of(spikes[s])] += spikes[s] >= 0 ? 1 : -1;
  }
}

// values = s * W[:, column].
static void CSK_T(read_column)(const CSK_REAL *weights, size_t stride, size_t rows, size_t column,
                               int sign, CSK_REAL *values) {
  const CSK_REAL *place = weights + column;
  if (sign > 0) {
    for (size_t row = 0; row < rows; row++, place += stride) values[row] = *place;
  } else {
    for (size_t row = 0; row < rows; row++, place += stride) values[row] = 0 - *place;
  }
}

// W[i, column] -= counts[i] * factor where counts[i] > 0, the product rounded before the
// difference. `counts` is padded with zeros to whole vectors.
static csk_update CSK_T(update_column)(CSK_REAL *weights, size_t stride, const CSK_REAL *counts,
                                       size_t rows, size_t column, CSK_REAL factor,
                                       CSK_REAL bound) {
  typedef CSK_T(vector) vector;
  csk_update update = {0, 0};
  for (size_t first = 0; first < rows; first += CSK_LANES) {
    uint32_t mask = CSK_NAME(mask)(*(const vector *)(counts + first) > 0);
    update.changed += (size_t)__builtin_popcount(mask);
    for (; mask != 0; mask &= mask - 1) {
      size_t row = first + (size_t)__builtin_ctz(mask);
      CSK_REAL *weight = weights + row * stride + column;
#if CSK_IS_FLOAT
      *weight -= counts[row] * factor;
#else
      // Pulled into the range where a weight and a potential add up without overflow.
      const int64_t most = CSK_INTEGER_POTENTIAL_LIMIT - 1;
      int64_t updated = *weight - (int64_t)counts[row] * factor;
      *weight = (int32_t)(updated > most ? most : updated < -most ? -most : updated);
#endif
      CSK_REAL size = *weight < 0 ? -*weight : *weight;
      update.exceeds |= !(size <= bound);
    }
  }
  return update;
}

#undef CSK_T
#undef CSK_LANES
