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

#include "refine_bits.h"

#undef CSK_HAS_PLACES
#undef CSK_EXCEEDS
#undef CSK_IS_BELOW
