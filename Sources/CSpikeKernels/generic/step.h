// Firing once a step, for one number type and one instruction set (included by feed.h): all
// rows of a step are added first (add_rows), then every unit beyond its threshold fires, in the
// order of units. No row is looked at alone, so that a row costs its additions and nothing else.

// What the units of a group of at most 64 do.
typedef struct {
  // Bit i: unit i fired; with the sign -; is beyond its threshold still.
  uint64_t fired, minus, again;
} CSK_T(group);

// Adds values, where given, to `vectors` vectors of potentials, and fires each unit beyond its
// threshold once. Sets `bad` where a potential is beyond its limit or NaN, and `low` where one that
// may be is below minus the limit.
__attribute__((always_inline)) static inline CSK_T(group) CSK_T(fire_group)(
    CSK_REAL *potentials, const CSK_REAL *values, size_t vectors, int is_signed, int32_t quantum,
    csk_ints *bad, csk_ints *low) {
  typedef CSK_T(vector) vector;
  typedef csk_ints ints;
  const vector quanta = (vector){0} + (CSK_REAL)quantum;
  CSK_T(group) group = {0, 0, 0};
  for (size_t v = 0; v < vectors; v++) {
    vector phi = ((const vector *)potentials)[v];
    if (values != NULL) phi += ((const vector *)values)[v];
    *bad |= ~(ints)(phi <= CSK_LIMIT);
    *low |= phi < -CSK_LIMIT;
    ints above = phi > CSK_ABOVE;
    phi -= (vector)((ints)quanta & above);
    uint64_t mask = csk_mask(above), again = csk_mask(phi > CSK_ABOVE);
    if (is_signed) {
      ints below = phi < CSK_BELOW;
      phi += (vector)((ints)quanta & below);
      uint64_t negative = csk_mask(below);
      mask |= negative;
      again |= csk_mask(phi < CSK_BELOW);
      group.minus |= negative << (v * CSK_LANES);
    }
    group.fired |= mask << (v * CSK_LANES);
    group.again |= again << (v * CSK_LANES);
    ((vector *)potentials)[v] = phi;
  }
  return group;
}

// The spikes of a group in which units fire more than once, from unit `at` on. Returns their
// number, or `room` + 1 where there are more.
static size_t CSK_T(fire_again)(CSK_REAL *potentials, size_t at, CSK_T(group) group, int is_signed,
                                int32_t quantum, int32_t *out, size_t room) {
  size_t written = 0;
  for (uint64_t left = group.fired; left != 0; left &= left - 1) {
    int bit = __builtin_ctzll(left);
    csk_firing firing = {0, 0, 0, 0};
    size_t fired = 0;
    if (group.again >> bit & 1) {
      CSK_T(fire)(potentials, at + (size_t)bit, is_signed, quantum, 0, &firing, &fired);
    }
    size_t count = 1 + (size_t)firing.count;
    if (count > room - written) return room + 1;
    int32_t spike = (int32_t)(at + (size_t)bit) ^ -(int32_t)(group.minus >> bit & 1);
    for (size_t k = 0; k < count; k++) out[written++] = spike;
  }
  return written;
}

// All units. Returns 0, with potentials half done, where a potential is out of range or there is no
// room.
__attribute__((always_inline)) static inline int CSK_T(fire_units)(
    CSK_REAL *potentials, const CSK_REAL *values, size_t stride, int is_signed, int32_t quantum,
    int32_t *out, size_t room, csk_outcome *outcome) {
  csk_ints bad = {0}, low = {0};
  size_t written = 0;
  for (size_t at = 0; at < stride; at += 64) {
    const CSK_REAL *these = values == NULL ? NULL : values + at;
    CSK_T(group) group;
    if (stride - at >= 64) {
      // A constant, so that the loop over vectors is unrolled.
      group = CSK_T(fire_group)(potentials + at, these, 64 / CSK_LANES, is_signed, quantum, &bad,
                                &low);
    } else {
      group = CSK_T(fire_group)(potentials + at, these, (stride - at) / CSK_LANES, is_signed, quantum,
                                &bad, &low);
    }
    if (__builtin_expect(group.again != 0, 0)) {
      size_t count =
          CSK_T(fire_again)(potentials, at, group, is_signed, quantum, out + written, room - written);
      if (count > room - written) return 0;
      written += count;
      continue;
    }
    size_t count = (size_t)__builtin_popcountll(group.fired);
    if (count + CSK_STEPS_SLACK > room - written) return 0;
    int32_t *next = out + written;
    written += count;
    // Eight at a time, whether there are as many or not.
    for (uint64_t left = group.fired; left != 0;) {
#pragma clang loop unroll(full)
      for (int k = 0; k < 8; k++) {
        int bit = __builtin_ctzll(left | (uint64_t)1 << 63);
        *next++ = (int32_t)(at + (size_t)bit) ^ -(int32_t)(group.minus >> bit & 1);
        left &= left - 1;
      }
    }
  }
  outcome->written = written;
  outcome->underflowed = csk_any(low);
  return !csk_any(bad) & !(is_signed && outcome->underflowed);
}

// See csk_kernels.fire_step. Potentials and values are padded to `stride` with zeros.
static csk_outcome CSK_T(fire_step)(CSK_REAL *potentials, const CSK_REAL *values,
                                        size_t stride, int is_signed, int32_t quantum, int32_t *out,
                                        size_t room, csk_scratch scratch) {
  csk_outcome outcome = {CSK_DONE, 1, 0, 0, 0};
  memcpy(scratch.snapshot, potentials, stride * sizeof *potentials);
  if (is_signed ? CSK_T(fire_units)(potentials, values, stride, 1, quantum, out, room, &outcome)
                : CSK_T(fire_units)(potentials, values, stride, 0, quantum, out, room, &outcome)) {
    return outcome;
  }
  // There is no room, or nothing is as it should be: again, one by one, for the number of spikes.
  memcpy(potentials, scratch.snapshot, stride * sizeof *potentials);
  size_t written = 0;
  outcome.underflowed = 0;
  for (size_t index = 0; index < stride; index++) {
    if (values != NULL) potentials[index] += values[index];
    CSK_REAL phi = potentials[index];
    // Written so that NaN, too, is out of range.
    int in_range = (phi <= CSK_LIMIT) & !(is_signed && phi < -CSK_LIMIT);
    csk_firing firing = {0, 0, 0, 0};
    size_t fired = 0;
    outcome.underflowed |= phi < -CSK_LIMIT;
    if (!in_range ||
        !CSK_T(fire)(potentials, index, is_signed, quantum, 0, &firing, &fired)) {
      outcome.status = CSK_OUT_OF_RANGE;
      break;
    }
    for (int32_t k = 0; k < firing.count; k++, written++) {
      if (written < room) out[written] = firing.spike;
    }
  }
  if (outcome.status == CSK_DONE && written > room) {
    outcome.status = CSK_FULL;
    outcome.needed = written + CSK_STEPS_SLACK;
  }
  outcome.written = outcome.status == CSK_DONE ? written : 0;
  if (outcome.status == CSK_DONE) return outcome;
  outcome.rows_done = 0;
  memcpy(potentials, scratch.snapshot, stride * sizeof *potentials);
  return outcome;
}
