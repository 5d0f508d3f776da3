// Counts of input spikes, and the columns of a weight matrix that error spikes read and change,
// for one number type and one instruction set (see kernels.h).

#define CSK_T(name) CSK_JOIN(name, CSK_KIND)
#define CSK_LANES (CSK_VECTOR_BYTES / sizeof(CSK_REAL))

// counts[unit] += sign of each spike.
static void CSK_T(count)(CSK_REAL *counts, const int32_t *spikes, size_t spike_count) {
  for (size_t s = 0; s < spike_count; s++) {
    counts[csk_unit_of(spikes[s])] += spikes[s] >= 0 ? 1 : -1;
  }
}

// Puts the values that are not 0, or those that are positive, in order, at `packed`, and their
// indices at `units`; returns their number.
static size_t CSK_T(pack)(const CSK_REAL *values, size_t count, int only_positive,
                          CSK_REAL *packed, int32_t *units) {
  typedef CSK_T(vector) vector;
  size_t found = 0, at = 0;
  for (; at + 64 <= count; at += 64) {
    uint64_t left = 0;
#pragma clang loop unroll(full)
    for (size_t first = 0; first < 64; first += CSK_LANES) {
      const vector these = *(const vector *)(values + at + first);
      left |= (uint64_t)csk_mask((these > 0) | ((these < 0) & (only_positive - 1))) << first;
    }
    // Eight at a time, whether there are as many or not.
    size_t next = found;
    found += (size_t)__builtin_popcountll(left);
    while (left != 0) {
#pragma clang loop unroll(full)
      for (int k = 0; k < 8; k++, next++) {
        size_t index = at + (size_t)__builtin_ctzll(left | (uint64_t)1 << 63);
        packed[next] = values[index];
        units[next] = (int32_t)index;
        left &= left - 1;
      }
    }
  }
  for (; at < count; at++) {
    packed[found] = values[at];
    units[found] = (int32_t)at;
    found += (values[at] > 0) | (!only_positive & (values[at] < 0));
  }
  return found;
}

#if CSK_IS_FLOAT
// See csk_set.scale_float.
static int CSK_T(scale)(const float *values, size_t count, float scale, float *scaled,
                        size_t *nonzero) {
  typedef CSK_T(vector) vector;
  typedef csk_ints ints;
  ints zeros = {0}, wrong = {0};
  size_t at = 0;
  for (; at + CSK_LANES <= count; at += CSK_LANES) {
    vector these = *(const vector *)(values + at);
    zeros -= these == 0;
    // An infinity or NaN has all bits of the exponent.
    wrong |= ((ints)these & 0x7f800000) == 0x7f800000;
    *(vector *)(scaled + at) = these * scale;
  }
  size_t rest = 0;
  for (size_t lane = 0; lane < CSK_LANES; lane++) rest += (size_t)zeros[lane];
  int is_finite = !csk_any(wrong);
  for (; at < count; at++) {
    rest += values[at] == 0;
    is_finite &= __builtin_fabsf(values[at]) <= FLT_MAX;
    scaled[at] = values[at] * scale;
  }
  *nonzero = count - rest;
  return is_finite;
}
#endif

// values = sign * line.
static void CSK_T(read_line)(const CSK_REAL *line, size_t stride, size_t count, int sign,
                               CSK_REAL *values) {
  if (stride == 1 && sign > 0) {
    memcpy(values, line, count * sizeof *values);
  } else if (stride == 1) {
    for (size_t k = 0; k < count; k++) values[k] = 0 - line[k];
  } else if (sign > 0) {
    for (size_t k = 0; k < count; k++) values[k] = line[k * stride];
  } else {
    for (size_t k = 0; k < count; k++) values[k] = 0 - line[k * stride];
  }
}

// line[units[k]] -= counts[k] * factor, the product rounded before the difference. Returns
// whether a weight is beyond the bound now.
static int CSK_T(update_line)(CSK_REAL *line, size_t stride, const CSK_REAL *counts,
                                const int32_t *units, size_t count, CSK_REAL factor,
                                CSK_REAL bound) {
  int exceeds = 0;
  for (size_t k = 0; k < count; k++) {
    CSK_REAL *weight = line + (size_t)units[k] * stride;
#if CSK_IS_FLOAT
    CSK_REAL updated = *weight - counts[k] * factor;
#else
    // Pulled into the range where a weight and a potential add up without overflow.
    const int64_t most = CSK_INTEGER_POTENTIAL_LIMIT - 1;
    // The factor of fractional updates is a sign: they add.
    int64_t change = factor == 1    ? counts[k]
                     : factor == -1 ? -(int64_t)counts[k]
                                    : (int64_t)counts[k] * factor;
    int64_t exact = *weight - change;
    CSK_REAL updated = (int32_t)(exact > most ? most : exact < -most ? -most : exact);
#endif
    *weight = updated;
    exceeds |= !((updated < 0 ? -updated : updated) <= bound);
  }
  return exceeds;
}

#undef CSK_T
#undef CSK_LANES
