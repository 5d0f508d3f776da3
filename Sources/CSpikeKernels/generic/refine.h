// Refining units, for one number type and one instruction set (included by kernels.h): a step begins with
// doubled sums, and sends what is missing. See ReferenceKernels+Refining.swift, whose bits these are.

#if CSK_IS_FLOAT
#define CSK_HAS_PLACES(sum) (((sum) <= CSK_FLOAT_POTENTIAL_LIMIT) & ((sum) > -0x1.fffffep127f))
#define CSK_EXCEEDS(sum) ((sum) > 0.5f)
#define CSK_IS_BELOW(sum) ((sum) < -0.5f)
#else
#define CSK_HAS_PLACES(sum) (((sum) < ((int64_t)1 << 61)) & ((sum) > -((int64_t)1 << 61)))
#define CSK_EXCEEDS(sum) ((sum) + (sum) > one)
#define CSK_IS_BELOW(sum) ((sum) + (sum) < -one)
#endif

// See csk_kernels.double_sums.
static size_t CSK_JOIN(double_sums, CSK_KIND)(CSK_SUM *sums, CSK_SUM *sent, size_t units) {
  // In 32 bits, as lanes of Float: there are fewer units than 2^31.
  uint32_t additions = 0;
  for (size_t i = 0; i < units; i++) {
    additions += sums[i] != 0;
    sums[i] += sums[i];
  }
  if (sent == NULL) return additions;
  for (size_t i = 0; i < units; i++) {
    additions += sent[i] != 0;
    sent[i] += sent[i];
  }
  return additions;
}

// See csk_kernels.refine.
static csk_outcome CSK_JOIN(refine, CSK_KIND)(CSK_SUM *sums, CSK_SUM *sent, size_t first, size_t units,
                                 int32_t quantum, int32_t *out, size_t room, size_t *comparisons) {
  csk_outcome outcome = {CSK_DONE, first, 0, 0, 0};
  const CSK_SUM one = (CSK_SUM)quantum;
  size_t written = 0;
  if (first == 0) {
    int bad = 0;
    for (size_t i = 0; i < units; i++) bad |= !CSK_HAS_PLACES(sums[i]);
    // Far below its threshold a unit must not be able to send: adding one would change nothing there.
    if (sent == NULL) {
      for (size_t i = 0; i < units; i++) bad |= !CSK_HAS_PLACES(-sums[i]);
    } else {
      for (size_t i = 0; i < units; i++) {
        bad |= !CSK_HAS_PLACES(sent[i]) | ((sent[i] != 0) & !CSK_HAS_PLACES(-sums[i]));
      }
    }
    if (bad) {
      outcome.status = CSK_OUT_OF_RANGE;
      return outcome;
    }
  }
  for (size_t at = first; at < units;) {
    // Most units send nothing: as many as a vector holds are told by one branch, those that do by their bits.
    uint32_t some;
    size_t lanes = units - at;
#if CSK_IS_FLOAT
    if (lanes >= CSK_VECTOR_BYTES / sizeof(float)) {
      lanes = CSK_VECTOR_BYTES / sizeof(float);
      typedef CSK_JOIN(vector, CSK_KIND) vector;
      vector phi = *(const vector *)(sums + at), left = phi;
      csk_ints rises = CSK_EXCEEDS(phi), falls = CSK_IS_BELOW(phi);
      if (sent != NULL) {
        left = *(const vector *)(sent + at);
        falls &= CSK_EXCEEDS(left);
      }
      some = csk_mask(rises | falls);
      if (some != 0) {
        // As nearly always, one spike a unit: no loop, and no branch on its sign.
        vector change = __builtin_convertvector(falls - rises, vector);
        phi -= change;
        left += change;
        csk_ints more = CSK_EXCEEDS(phi) | (CSK_IS_BELOW(phi) & falls);
        if ((size_t)__builtin_popcount(some) <= room - written && !csk_any(more & (rises | falls))) {
          uint32_t negative = csk_mask(falls);
          *(vector *)(sums + at) = phi;
          if (sent != NULL) {
            *(vector *)(sent + at) = left;
            *comparisons += (size_t)__builtin_popcount(negative);
          }
          for (; some != 0; some &= some - 1) {
            int lane = __builtin_ctz(some);
            out[written++] = (int32_t)(at + (size_t)lane) ^ -(int32_t)(negative >> lane & 1);
          }
        }
      }
    } else
#endif
    {
      lanes = lanes < 16 ? lanes : 16;
      some = 0;
      for (size_t i = 0; i < lanes; i++) {
        int falls = CSK_IS_BELOW(sums[at + i]) & (sent == NULL || CSK_EXCEEDS(sent[at + i]));
        some |= (uint32_t)(CSK_EXCEEDS(sums[at + i]) | falls) << i;
      }
    }
    for (; some != 0; some &= some - 1) {
      size_t unit = at + (size_t)__builtin_ctz(some);
      CSK_SUM phi = sums[unit], left = sent == NULL ? 0 : sent[unit];
      int32_t spike = (int32_t)unit;
      size_t count = 0;
      for (; CSK_EXCEEDS(phi); count++) {
        phi -= one;
        left += one;
      }
      if (count == 0) {
        spike = ~spike;
        for (; CSK_IS_BELOW(phi) && (sent == NULL || CSK_EXCEEDS(left)); count++) {
          phi += one;
          left -= one;
        }
      }
      if (count > room - written) {
        outcome.status = CSK_FULL;
        outcome.needed = count;
        outcome.rows_done = unit;
        outcome.written = written;
        return outcome;
      }
      for (size_t k = 0; k < count; k++) out[written++] = spike;
      sums[unit] = phi;
      if (sent != NULL) {
        sent[unit] = left;
        if (spike < 0) *comparisons += count;
      }
    }
    at += lanes;
  }
  *comparisons += 2 * units;
  if (sent != NULL) {
    uint32_t below = 0;
    for (size_t i = 0; i < units; i++) below += CSK_IS_BELOW(sums[i]);
    *comparisons += below;
  }
  outcome.written = written;
  outcome.rows_done = units;
  return outcome;
}

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
  // Whether a unit sends more than all places hold; 2 spikes and more, 4 and more, ...
  int bad = 0, has[CSK_BIT_PLACES] = {0};
  if (sent == NULL) {
    for (size_t i = 0; i < units; i++) {
      CSK_SUM phi = sums[i];
      bad |= !((phi <= CSK_THRESHOLD(5)) & (phi >= -CSK_THRESHOLD(5)));
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
      bad |= !(phi <= CSK_THRESHOLD(5)) | !CSK_HAS_PLACES(phi) | !CSK_HAS_PLACES(q) |
             ((phi < -CSK_THRESHOLD(5)) & falls);
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
#undef CSK_HAS_PLACES
#undef CSK_EXCEEDS
#undef CSK_IS_BELOW
