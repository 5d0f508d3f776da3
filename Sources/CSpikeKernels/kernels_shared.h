// What all instruction sets share: the order of spikes (docs/Algorithm.md, section 1, rule 3:
// decreasing tag, ties by lower unit), plain integer code that gains nothing from vectors.
#pragma once
#include <float.h>
#include "include/CSpikeKernels.h"

#include <string.h>

// Groups up to this size are sorted by insertion, larger ones by radix.
#define CSK_INSERTION_LIMIT 24
#define CSK_BUCKETS 128

// For quiet_body.h. Rows between two stored states of the potentials: few where many rows have
// several firings.
#define CSK_QUIET_SHORT_RUN 4
#define CSK_QUIET_LONG_RUN 16
// Rows that make more units fire than this are left to the sorts of the general path.
#define CSK_QUIET_FIRINGS 24
// For narrow_body.h: vectors of 16-bit potentials that stay in registers.
#define CSK_NARROW_BLOCK 7
// Wider layers are left to the general path, too: the states of a chunk's runs fill the second
// cache.
#define CSK_QUIET_UNITS 512
// The rows of the first chunk, which tells the length of runs.
#define CSK_FIRST_ROWS 32

static inline size_t csk_unit_of(int32_t spike) {
  return (size_t)(spike >= 0 ? spike : ~spike);
}

// Stable sorts by decreasing tag: firings arrive in order of units, so ties stay in that order.
static void csk_sort_by_insertion(csk_firing *firings, size_t count) {
  for (size_t i = 1; i < count; i++) {
    csk_firing moved = firings[i];
    size_t j = i;
    for (; j > 0 && firings[j - 1].tag < moved.tag; j--) firings[j] = firings[j - 1];
    firings[j] = moved;
  }
}

static void csk_sort_by_radix(csk_firing *firings, size_t count, csk_firing *other) {
  uint32_t histograms[4][256];
  memset(histograms, 0, sizeof histograms);
  for (size_t i = 0; i < count; i++) {
    uint32_t key = ~firings[i].tag;
    for (int digit = 0; digit < 4; digit++) histograms[digit][(key >> (8 * digit)) & 255]++;
  }
  csk_firing *from = firings, *to = other;
  for (int digit = 0; digit < 4; digit++) {
    uint32_t *starts = histograms[digit];
    if (starts[(~from[0].tag >> (8 * digit)) & 255] == count) continue;  // one value: in order
    uint32_t start = 0;
    for (int value = 0; value < 256; value++) {
      uint32_t size = starts[value];
      starts[value] = start;
      start += size;
    }
    for (size_t i = 0; i < count; i++) to[starts[(~from[i].tag >> (8 * digit)) & 255]++] = from[i];
    csk_firing *swapped = from;
    from = to;
    to = swapped;
  }
  if (from != firings) memcpy(firings, from, count * sizeof *firings);
}

// The same in one pass where tags are spread: buckets by the leading bits of their range, then
// insertion, which finds little to move. Returns 0, with ties still in order, when it finds much.
static int csk_sort_by_buckets(csk_firing *firings, size_t count, csk_firing *other) {
  uint32_t least = UINT32_MAX, most = 0;
  for (size_t i = 0; i < count; i++) {
    least = firings[i].tag < least ? firings[i].tag : least;
    most = firings[i].tag > most ? firings[i].tag : most;
  }
  int shift = 0;
  while (((most - least) >> shift) >= CSK_BUCKETS) shift++;
  uint32_t starts[CSK_BUCKETS + 1] = {0};
  for (size_t i = 0; i < count; i++) starts[((most - firings[i].tag) >> shift) + 1]++;
  for (int bucket = 1; bucket < CSK_BUCKETS; bucket++) starts[bucket] += starts[bucket - 1];
  for (size_t i = 0; i < count; i++) {
    other[starts[(most - firings[i].tag) >> shift]++] = firings[i];
  }
  size_t budget = 8 * count;
  firings[0] = other[0];
  size_t i = 1;
  for (; i < count; i++) {
    csk_firing moved = other[i];
    size_t j = i;
    for (; j > 0 && firings[j - 1].tag < moved.tag; j--) firings[j] = firings[j - 1];
    firings[j] = moved;
    if (i - j > budget) break;
    budget -= i - j;
  }
  if (i == count) return 1;
  for (i++; i < count; i++) firings[i] = other[i];
  return 0;
}

// Whether firing a comes before firing b.
static inline int csk_precedes(const csk_firing *a, const csk_firing *b) {
  return a->tag > b->tag || (a->tag == b->tag && csk_unit_of(a->spike) < csk_unit_of(b->spike));
}

static void csk_sift_down(csk_firing *heap, size_t count, size_t at) {
  csk_firing moved = heap[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && csk_precedes(&heap[child + 1], &heap[child])) child++;
    if (csk_precedes(&moved, &heap[child])) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

// Lowers a tag by the worth of one spike.
typedef uint32_t (*csk_lower)(uint32_t tag, int32_t unit);

static uint32_t csk_lower_float(uint32_t tag, int32_t unit) {
  (void)unit;
  float potential;
  memcpy(&potential, &tag, sizeof potential);
  potential -= 1.0f;  // exact: a multiple of the last place of `potential`, and smaller
  memcpy(&tag, &potential, sizeof tag);
  return tag;
}

static uint32_t csk_lower_int32(uint32_t tag, int32_t unit) { return tag - (uint32_t)unit; }

// Writes the spikes of one feed to `out`, which has room for them; returns their number.
//
// Units that fire once each are sorted. Where a unit fires several times, its spikes interleave
// with those of others: a heap of one entry a unit gives them out in order, in O(units) memory.
static size_t csk_emit(csk_firing *firings, size_t count, csk_firing *other, csk_lower lower,
                       int32_t unit, int32_t *out) {
  int once = 1;
  for (size_t i = 0; i < count; i++) once &= firings[i].count == 1;
  if (once) {
    if (count <= CSK_INSERTION_LIMIT) {
      csk_sort_by_insertion(firings, count);
    } else if (!csk_sort_by_buckets(firings, count, other)) {
      csk_sort_by_radix(firings, count, other);
    }
    for (size_t i = 0; i < count; i++) out[i] = firings[i].spike;
    return count;
  }
  size_t written = 0;
  for (size_t at = count / 2; at-- > 0;) csk_sift_down(firings, count, at);
  while (count > 0) {
    out[written++] = firings[0].spike;
    if (--firings[0].count > 0) {
      firings[0].tag = lower(firings[0].tag, unit);
    } else {
      firings[0] = firings[--count];
    }
    if (count > 0) csk_sift_down(firings, count, 0);
  }
  return written;
}

// Writes the spikes of a chunk of rows, row by row. `firings` are in order of rows when one block
// of columns made them; otherwise they are first brought into that order, stably.
static size_t csk_emit_rows(csk_firing *firings, size_t count, csk_firing *other, size_t rows,
                            int in_order, csk_lower lower, int32_t unit, int32_t *out) {
  if (!in_order) {
    size_t starts[CSK_CHUNK_ROWS + 1] = {0};
    for (size_t i = 0; i < count; i++) starts[firings[i].row + 1]++;
    for (size_t row = 1; row <= rows; row++) starts[row] += starts[row - 1];
    for (size_t i = 0; i < count; i++) other[starts[firings[i].row]++] = firings[i];
    csk_firing *swapped = firings;
    firings = other;
    other = swapped;
  }
  // Most rows have one firing, of one spike: those are in order already. Noted without a branch:
  // which rows have several is not to be predicted.
  uint32_t *tied = (uint32_t *)other;
  size_t ties = 0, first = 0;
  int32_t most = 1;
  for (size_t i = 0; i < count; i++) {
    out[i] = firings[i].spike;
    most = firings[i].count > most ? firings[i].count : most;
    tied[ties] = (uint32_t)i;
    ties += i + 1 < count && firings[i].row == firings[i + 1].row;
  }
  if (most == 1) {
    for (size_t tie = 0; tie < ties;) {
      size_t end = tied[tie] + 2;
      first = tied[tie];
      for (tie++; tie < ties && tied[tie] + 1 == end; tie++) end++;
      // A sort of many needs the memory of `tied`: the rest is done without it.
      if (end - first > CSK_INSERTION_LIMIT) break;
      csk_sort_by_insertion(firings + first, end - first);
      for (; first < end; first++) out[first] = firings[first].spike;
      if (tie == ties) first = count;
    }
    if (ties == 0) first = count;
  }
  size_t written = first;
  while (first < count) {
    size_t end = first + 1;
    while (end < count && firings[end].row == firings[first].row) end++;
    written += csk_emit(firings + first, end - first, other, lower, unit, out + written);
    first = end;
  }
  return written;
}

static size_t csk_spikes_of(const csk_firing *firings, size_t count) {
  size_t spikes = 0;
  for (size_t i = 0; i < count; i++) spikes += (size_t)firings[i].count;
  return spikes;
}
