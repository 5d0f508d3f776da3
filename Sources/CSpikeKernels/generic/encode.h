// Feeding one vector of values for several steps, for one number type and one instruction set
// (included by feed.h): what an input does that does not change while its example lasts.
//
// Units of one value and one potential stay alike in every step, and fire side by side: they are
// a group, and groups are put in order, not units. Images have few values; pixels at the ends of
// the range share one. Where all |values| are at most a quantum, a unit fires at most
// once a step, with the sign of its value.

// Groups of a call, and the bits that tell them apart below a tag of 24 bits.
#define CSK_GROUPS 128
#define CSK_GROUP_BITS 7
#define CSK_SLOTS 2048

#if CSK_IS_FLOAT
// The tag of the highest potential, 3/2; tags above 1/2 are less than 2^24 below it.
#define CSK_HIGHEST_TAG 0x3fc00000
#else
#define CSK_HIGHEST_TAG (quantum + quantum / 2)
#endif

typedef struct {
  // One more: where the next value goes before it is known to be new.
  CSK_REAL values[CSK_GROUPS + 1], potentials[CSK_GROUPS + 1];
  int32_t sizes[CSK_GROUPS + 1], starts[CSK_GROUPS];
  size_t count;
} CSK_T(groups);

// Puts each unit into the group of its value; returns 0 where there are too many, where a value is
// greater than a quantum, or where units of one value differ in potential.
static int CSK_T(form_groups)(CSK_T(groups) *groups, const CSK_REAL *potentials,
                              const CSK_REAL *values, size_t count, int32_t quantum,
                              uint8_t *group_of) {
  // Open addressing: the group in a slot, counted from 1. Whether a value is new is not to be
  // predicted, whether its first slot is somebody else's is.
  uint8_t slots[CSK_SLOTS] = {0};
  const CSK_REAL quanta = (CSK_REAL)quantum;
  size_t formed = 0;
  int alike = 1;
  for (size_t i = 0; i < count; i++) {
    CSK_REAL value = values[i];
    if (!(value <= quanta && value >= -quanta)) return 0;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t slot = (bits * 2654435769u) / (UINT32_MAX / CSK_SLOTS + 1);
    groups->values[formed] = value;
    groups->potentials[formed] = potentials[i];
    groups->sizes[formed] = 0;
    size_t group = slots[slot], is_new = group == 0;
    group = is_new ? formed : group - 1;
    while (__builtin_expect(groups->values[group] != value, 0)) {
      slot = (slot + 1) % CSK_SLOTS;
      group = slots[slot];
      is_new = group == 0;
      group = is_new ? formed : group - 1;
    }
    slots[slot] = (uint8_t)(group + 1);
    formed += is_new;
    if (formed > CSK_GROUPS) return 0;
    alike &= groups->potentials[group] == potentials[i];
    group_of[i] = (uint8_t)group;
    groups->sizes[group]++;
  }
  groups->count = formed;
  return alike;
}

// phi += value; fires where |phi| is beyond the threshold. Fills `keys` with those that fire: their
// distance to the highest tag, then their group. Returns the number.
static inline size_t CSK_T(fire_groups)(CSK_T(groups) *groups, int32_t quantum, int32_t *keys) {
  typedef CSK_T(vector) vector;
  typedef csk_ints ints;
  const vector quanta = (vector){0} + (CSK_REAL)quantum;
  int32_t all[CSK_GROUPS];
  uint64_t bits[CSK_GROUPS / 64] = {0};
  for (size_t first = 0; first < groups->count; first += CSK_LANES) {
    vector phi = *(vector *)(groups->potentials + first) + *(vector *)(groups->values + first);
    ints above = phi > CSK_ABOVE, below = phi < CSK_BELOW;
#if CSK_IS_FLOAT
    ints tag = (ints)phi & 0x7fffffff;
#else
    ints tag = (phi & above) - (phi & below);
#endif
    phi -= (vector)((ints)quanta & above);
    phi += (vector)((ints)quanta & below);
    *(vector *)(groups->potentials + first) = phi;
    ints keyed = (CSK_HIGHEST_TAG - tag) << CSK_GROUP_BITS;
    memcpy(all + first, &keyed, sizeof keyed);
    bits[first / 64] |= (uint64_t)csk_mask(above | below) << (first % 64);
  }
  size_t fired = 0;
  for (size_t word = 0; word < CSK_GROUPS / 64; word++) {
    // Eight at a time, whether there are as many or not.
    uint64_t left = bits[word];
    int32_t *next = keys + fired;
    fired += (size_t)__builtin_popcountll(left);
    while (left != 0) {
#pragma clang loop unroll(full)
      for (int k = 0; k < 8; k++) {
        int group = (int)word * 64 + __builtin_ctzll(left | (uint64_t)1 << 63);
        *next++ = all[group] | group;
        left &= left - 1;
      }
    }
  }
  return fired;
}

// `sorted` becomes `keys`, all different, in increasing order: each key's rank is the number of
// smaller ones. `keys` is padded to whole blocks of 64.
static inline void CSK_T(sort_keys)(const int32_t *keys, size_t count, int32_t *sorted) {
  typedef csk_ints ints;
  enum { blocks = 64 / CSK_LANES };
  for (size_t first = 0; first < count; first += 64) {
    ints mine[blocks], rank[blocks];
    memcpy(mine, keys + first, sizeof mine);
    memset(rank, 0, sizeof rank);
    for (size_t k = 0; k < count; k++) {
      ints other = (ints){0} + keys[k];
#pragma clang loop unroll(full)
      for (int v = 0; v < blocks; v++) rank[v] -= mine[v] > other;
    }
    int32_t ranks[64];
    memcpy(ranks, rank, sizeof ranks);
    size_t end = count - first < 64 ? count - first : 64;
    for (size_t k = 0; k < end; k++) sorted[ranks[k]] = keys[first + k];
  }
}

// Writes the spikes of one step: groups in order of their keys, units of a group as they are
// listed. Returns their number. Writes up to CSK_STEPS_SLACK more places.
static inline size_t CSK_T(emit_groups)(const CSK_T(groups) *groups, const int32_t *keys,
                                        size_t count, const int32_t *spikes, int32_t *out) {
  size_t written = 0;
  for (size_t k = 0; k < count; k++) {
    size_t group = (size_t)keys[k] % CSK_GROUPS;
    const int32_t *from = spikes + groups->starts[group];
    size_t size = (size_t)groups->sizes[group];
    for (size_t at = 0; at < size; at += CSK_STEPS_SLACK) {
      memcpy(out + written + at, from + at, CSK_STEPS_SLACK * sizeof *out);
    }
    size_t start = written;
    written += size;
    // Groups of one tag: their units are merged, the lower first.
    size_t alike = k;
    while (alike > 0 && keys[alike - 1] >> CSK_GROUP_BITS == keys[k] >> CSK_GROUP_BITS) {
      start -= (size_t)groups->sizes[(size_t)keys[--alike] % CSK_GROUPS];
    }
    if (alike < k) {
      for (size_t i = written - size; i < written; i++) {
        int32_t moved = out[i];
        size_t j = i;
        for (; j > start && csk_unit_of(out[j - 1]) > csk_unit_of(moved); j--) out[j] = out[j - 1];
        out[j] = moved;
      }
    }
  }
  return written;
}

// See csk_kernels.feed_steps.
static csk_outcome CSK_T(feed_steps)(CSK_REAL *potentials, const CSK_REAL *values,
                                         const int32_t *units, size_t count, size_t steps,
                                         int32_t quantum, int32_t *out, size_t room, size_t *ends,
                                         csk_scratch scratch) {
  csk_outcome outcome = {CSK_OUT_OF_RANGE, 0, 0, 0, 0};
  // Of the scratch memory, five bytes for each unit, and room for whole vectors.
  size_t memory = 2 * scratch.capacity * sizeof *scratch.firings;
  if (5 * count + 4 * CSK_STEPS_SLACK > memory) return outcome;
  // Tags of integers must fit in the 24 bits that those of Float take.
  if (!CSK_IS_FLOAT && quantum >= 1 << 24) return outcome;
  outcome.needed = steps * count + CSK_STEPS_SLACK;
  if (outcome.needed > room) {
    outcome.status = CSK_FULL;
    return outcome;
  }
  int32_t *spikes = (int32_t *)scratch.firings;
  uint8_t *group_of = (uint8_t *)(spikes + count + CSK_STEPS_SLACK);
  CSK_T(groups) groups;
  if (!CSK_T(form_groups)(&groups, potentials, values, count, quantum, group_of)) return outcome;
  for (size_t g = 0; g < groups.count; g++) {
    if (!(groups.potentials[g] <= CSK_ABOVE && groups.potentials[g] >= CSK_BELOW)) return outcome;
  }
  for (size_t g = groups.count; g % CSK_LANES != 0; g++) {
    groups.values[g] = groups.potentials[g] = 0;
  }
  int32_t start = 0, places[CSK_GROUPS];
  for (size_t g = 0; g < groups.count; g++) {
    groups.starts[g] = places[g] = start;
    start += groups.sizes[g];
  }
  for (size_t i = 0; i < count; i++) {
    spikes[places[group_of[i]]++] = values[i] > 0 ? units[i] : ~units[i];
  }
  int32_t keys[CSK_GROUPS + 64] = {0}, sorted[CSK_GROUPS];
  for (size_t step = 0; step < steps; step++) {
    size_t fired = CSK_T(fire_groups)(&groups, quantum, keys);
    CSK_T(sort_keys)(keys, fired, sorted);
    outcome.written +=
        CSK_T(emit_groups)(&groups, sorted, fired, spikes, out + outcome.written);
    ends[step] = outcome.written;
  }
  for (size_t i = 0; i < count; i++) potentials[i] = groups.potentials[group_of[i]];
  outcome.status = CSK_DONE;
  outcome.rows_done = steps;
  return outcome;
}

#undef CSK_GROUPS
#undef CSK_GROUP_BITS
#undef CSK_SLOTS
#undef CSK_HIGHEST_TAG
