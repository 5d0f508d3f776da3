// Refining units whose spikes are bits of counts, for one number type and one instruction set (included by refine.h,
// whose conditions these are): as refine, for units whose places are the bits of patterns.

// Bits of a count n = ceil(|phi| - 1/2), the highest place first: n >= 2^p where |phi| > 2^p - 1/2, and then 2^p are
// taken away. Where n is bounded by what was sent, both are at least 2^p, or neither the bound. Sums of this size and
// whole numbers below 32 differ exactly, so that the potentials are those of spikes one by one.
#if CSK_IS_FLOAT
#define CSK_THRESHOLD(place) ((float)(1 << (place)) - 0.5f)
#define CSK_STEP(place) ((float)(1 << (place)))
#else
#define CSK_THRESHOLD(place) ((one << (place)) - one + half)
#define CSK_STEP(place) (one << (place))
#endif

// The bits of a place, of all units.
static inline __attribute__((always_inline)) void CSK_JOIN(refine_place, CSK_KIND)(
    CSK_SUM *sums, CSK_SUM *sent, size_t units, CSK_SUM one, int place, uint16_t *positive,
    uint16_t *negative, csk_bits_outcome *outcome) {
  size_t count = 0, minus = 0;
#if CSK_IS_FLOAT
  (void)one;
  typedef CSK_JOIN(vector, CSK_KIND) vector;
  enum { LANES = CSK_VECTOR_BYTES / sizeof(float) };
  const float threshold = CSK_THRESHOLD(place), step = CSK_STEP(place);
#else
  // Of an odd quantum, a half is between two sums: above it is from the larger on.
  const CSK_SUM half = one / 2, threshold = CSK_THRESHOLD(place), step = CSK_STEP(place);
#endif
  for (size_t block = 0; block < units / 16; block++) {
    uint32_t plus_bits = 0, minus_bits = 0;
#if CSK_IS_FLOAT
    for (size_t lane = 0; lane < 16; lane += LANES) {
      vector *at = (vector *)(sums + 16 * block + lane), phi = *at;
      csk_ints rises = phi > threshold, falls = phi < -threshold;
      if (sent != NULL) {
        vector *left = (vector *)(sent + 16 * block + lane);
        falls &= *left > threshold;
        *left += __builtin_convertvector(falls - rises, vector) * step;
      }
      *at = phi - __builtin_convertvector(falls - rises, vector) * step;
      plus_bits |= csk_mask(rises) << lane;
      minus_bits |= csk_mask(falls) << lane;
    }
#else
    for (size_t lane = 0; lane < 16; lane++) {
      size_t unit = 16 * block + lane;
      int rises = sums[unit] > threshold;
      int falls = sums[unit] < -threshold && (sent == NULL || sent[unit] > threshold);
      CSK_SUM change = rises ? step : falls ? -step : 0;
      sums[unit] -= change;
      if (sent != NULL) sent[unit] += change;
      plus_bits |= (uint32_t)rises << lane;
      minus_bits |= (uint32_t)falls << lane;
    }
#endif
    positive[block] = (uint16_t)plus_bits;
    negative[block] = (uint16_t)minus_bits;
    count += (size_t)__builtin_popcount(plus_bits | minus_bits);
    minus += (size_t)__builtin_popcount(minus_bits);
  }
  outcome->spikes += count << place;
  outcome->negatives += minus << place;
}

// See csk_kernels.refine_bits.
static csk_bits_outcome CSK_JOIN(refine_bits, CSK_KIND)(CSK_SUM *sums, CSK_SUM *sent, size_t units,
                                                        int32_t quantum, uint16_t *positive,
                                                        uint16_t *negative) {
  const CSK_SUM one = (CSK_SUM)quantum;
#if !CSK_IS_FLOAT
  const CSK_SUM half = one / 2;
#endif
  csk_bits_outcome outcome = {CSK_DONE, 1, 0, 0, 2 * units};
  // Whether a unit sends more than all places hold; 2 spikes and more, 4 and more, ... Written out: a loop over places
  // would not become vectors.
  _Static_assert(CSK_BIT_PLACES == 5, "a line a place, below");
  int bad = 0, has[CSK_BIT_PLACES] = {0};
  if (sent == NULL) {
    for (size_t i = 0; i < units; i++) {
      CSK_SUM phi = sums[i];
      bad |= !((phi <= CSK_THRESHOLD(CSK_BIT_PLACES)) & (phi >= -CSK_THRESHOLD(CSK_BIT_PLACES)));
      has[1] |= (phi > CSK_THRESHOLD(1)) | (phi < -CSK_THRESHOLD(1));
      has[2] |= (phi > CSK_THRESHOLD(2)) | (phi < -CSK_THRESHOLD(2));
      has[3] |= (phi > CSK_THRESHOLD(3)) | (phi < -CSK_THRESHOLD(3));
      has[4] |= (phi > CSK_THRESHOLD(4)) | (phi < -CSK_THRESHOLD(4));
    }
  } else {
    // Units that have sent nothing may be far below their threshold.
    for (size_t i = 0; i < units; i++) {
      CSK_SUM phi = sums[i], q = sent[i];
      int falls = q != 0;
      bad |= !(phi <= CSK_THRESHOLD(CSK_BIT_PLACES)) | !CSK_HAS_PLACES(phi) | !CSK_HAS_PLACES(q) |
             ((phi < -CSK_THRESHOLD(CSK_BIT_PLACES)) & falls);
      has[1] |= (phi > CSK_THRESHOLD(1)) | ((phi < -CSK_THRESHOLD(1)) & falls);
      has[2] |= (phi > CSK_THRESHOLD(2)) | ((phi < -CSK_THRESHOLD(2)) & falls);
      has[3] |= (phi > CSK_THRESHOLD(3)) | ((phi < -CSK_THRESHOLD(3)) & falls);
      has[4] |= (phi > CSK_THRESHOLD(4)) | ((phi < -CSK_THRESHOLD(4)) & falls);
    }
  }
  if (bad) {
    outcome.status = CSK_OUT_OF_RANGE;
    return outcome;
  }
  const size_t blocks = units / 16;
  for (size_t place = CSK_BIT_PLACES - 1; place > 0; place--) {
    if (!has[place]) continue;
    outcome.places = outcome.places > place + 1 ? outcome.places : place + 1;
    CSK_JOIN(refine_place, CSK_KIND)(sums, sent, units, one, (int)place, positive + place * blocks,
                                     negative + place * blocks, &outcome);
  }
  CSK_JOIN(refine_place, CSK_KIND)(sums, sent, units, one, 0, positive, negative, &outcome);
  outcome.comparisons += outcome.spikes;
  if (sent != NULL) {
    uint32_t below = 0;
    for (size_t i = 0; i < units; i++) below += CSK_IS_BELOW(sums[i]);
    outcome.comparisons += outcome.negatives + below;
  }
  return outcome;
}

#undef CSK_THRESHOLD
#undef CSK_STEP
