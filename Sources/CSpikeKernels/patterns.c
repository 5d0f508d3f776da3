// Rows of a step's spikes where they are added by patterns: bits, no arithmetic, so that one form serves all
// instruction sets. See PatternRows.swift, whose rows these are.
#include <string.h>

#include "CSpikeKernels.h"

size_t csk_mark_patterns(const csk_patterns *table, const int32_t *spikes, size_t count,
                         uint8_t *masks, size_t stride) {
  size_t places = count > 0;
  for (size_t s = 0; s < count; s++) {
    int32_t code = spikes[s];
    uint32_t unit = table->units[code ^ (code >> 31)];
    uint8_t *mask = masks + (unit >> 8) + (code < 0), bit = (uint8_t)unit;
    // The bits of a unit, place by place, are its count in binary: one more carries over those that are set.
    size_t place = 0;
    for (; *mask & bit; mask += stride, place++) *mask ^= bit;
    *mask |= bit;
    places = place >= places ? place + 1 : places;
  }
  return places;
}

// The row of a frequent pattern of a block, or -1.
static int32_t frequent_row(const csk_patterns *table, uint16_t pattern, size_t block) {
  const uint16_t *first = table->frequent + table->frequent_starts[block];
  size_t count = (size_t)(table->frequent_starts[block + 1] - table->frequent_starts[block]);
  const uint16_t *at = first, *end = first + count;
  while (count > 1) {
    size_t half = count / 2;
    // A branch would be wrong half of the time.
    if (__builtin_unpredictable(at[half - 1] < pattern)) at += half;
    count -= half;
  }
  if (at == end || *at != pattern) return -1;
  return table->frequent_row + (int32_t)(at - table->frequent);
}

// Whether a block's pattern has units of more than one group.
static int has_groups(uint32_t pattern) {
  uint32_t group = (uint32_t)__builtin_ctz(pattern | 0x10000) / 4;
  return (pattern & ~(15u << (4 * group))) != 0;
}

size_t csk_take_patterns(const csk_patterns *table, uint8_t *masks, size_t stride, int32_t *rows) {
  size_t written = 0;
  for (size_t block = 0; block < stride / 8; block++) {
    uint64_t eight;
    memcpy(&eight, masks + 8 * block, 8);
    if (eight == 0) continue;
    memset(masks + 8 * block, 0, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    if (table->frequent_starts != NULL) {
      for (int negative = 0; negative < 2; negative++) {
        // Every second byte is of this sign, four bits of each are used: side by side they are the pattern.
        uint64_t bytes = eight >> (8 * negative) & 0x000F000F000F000F;
        if ((bytes & (bytes - 1)) == 0) continue;
        uint16_t pattern = (uint16_t)(bytes | bytes >> 12 | bytes >> 24 | bytes >> 36);
        int32_t row = frequent_row(table, pattern, block);
        if (row < 0) continue;
        rows[written++] = negative ? ~row : row;
        eight &= ~((uint64_t)0x00FF00FF00FF00FF << (8 * negative));
      }
    }
    while (eight != 0) {
      size_t slot = (size_t)__builtin_ctzll(eight) / 8;
      int32_t row = table->first_rows[4 * block + slot / 2] + (int32_t)(eight >> (8 * slot) & 0xFF) - 1;
      rows[written++] = slot & 1 ? ~row : row;
      eight &= ~((uint64_t)0xFF << (8 * slot));
    }
  }
  return written;
}

size_t csk_take_bits(const csk_patterns *table, const uint16_t *positive, const uint16_t *negative,
                     size_t blocks, int32_t *rows) {
  size_t written = 0;
  for (size_t block = 0; block < blocks; block++) {
    uint32_t plus = positive[block], minus = negative[block];
    if ((plus | minus) == 0) continue;
    if (table->frequent_starts != NULL) {
      int32_t row = has_groups(plus) ? frequent_row(table, (uint16_t)plus, block) : -1;
      if (row >= 0) {
        rows[written++] = row;
        plus = 0;
      }
      row = has_groups(minus) ? frequent_row(table, (uint16_t)minus, block) : -1;
      if (row >= 0) {
        rows[written++] = ~row;
        minus = 0;
      }
    }
    while ((plus | minus) != 0) {
      uint32_t group = (uint32_t)__builtin_ctz(plus | minus) / 4;
      int32_t first = table->first_rows[4 * block + group] - 1;
      int32_t pattern = (int32_t)(plus >> (4 * group) & 15);
      if (pattern != 0) rows[written++] = first + pattern;
      pattern = (int32_t)(minus >> (4 * group) & 15);
      if (pattern != 0) rows[written++] = ~(first + pattern);
      plus &= ~(15u << (4 * group));
      minus &= ~(15u << (4 * group));
    }
  }
  return written;
}
