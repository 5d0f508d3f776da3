// The table of one number type (see kernels.h): the kernels behind pointers to void, so that both
// number types have tables of one type.

// The quantum of Float is the constant 1.
#define CSK_QUANTUM (CSK_IS_FLOAT ? 1 : quantum)

static csk_outcome CSK_JOIN(table_feed_rows, CSK_KIND)(
    void *potentials, void *sums, const void *weights, csk_int16_weights int16, size_t stride,
    const int32_t *spikes, size_t spike_count, int is_signed, int fires_once, int32_t quantum,
    int32_t *out, size_t room, csk_scratch scratch) {
  (void)quantum;
  return CSK_JOIN(feed_rows, CSK_KIND)(potentials, sums, weights, int16, stride, spikes,
                                       spike_count, is_signed, fires_once, CSK_QUANTUM, out, room,
                                       scratch);
}

static csk_outcome CSK_JOIN(table_feed_vector, CSK_KIND)(void *potentials, const void *values,
                                                         size_t units, int is_signed,
                                                         int32_t quantum, int32_t *out,
                                                         size_t room, csk_scratch scratch) {
  (void)quantum;
  return CSK_JOIN(feed_vector, CSK_KIND)(potentials, values, units, is_signed, CSK_QUANTUM, out,
                                         room, scratch);
}

static csk_outcome CSK_JOIN(table_feed_steps, CSK_KIND)(void *potentials, const void *values,
                                                        const int32_t *units, size_t count,
                                                        size_t steps, int32_t quantum,
                                                        int32_t *out, size_t room, size_t *ends,
                                                        csk_scratch scratch) {
  (void)quantum;
  return CSK_JOIN(feed_steps, CSK_KIND)(potentials, values, units, count, steps, CSK_QUANTUM, out,
                                        room, ends, scratch);
}

static csk_outcome CSK_JOIN(table_fire_step, CSK_KIND)(void *potentials, const void *values,
                                                       size_t stride, int is_signed,
                                                       int32_t quantum, int32_t *out, size_t room,
                                                       csk_scratch scratch) {
  (void)quantum;
  return CSK_JOIN(fire_step, CSK_KIND)(potentials, values, stride, is_signed, CSK_QUANTUM, out,
                                       room, scratch);
}

static void CSK_JOIN(table_add_rows, CSK_KIND)(void *potentials, const void *weights,
                                               size_t stride, const int32_t *spikes,
                                               size_t spike_count) {
  CSK_JOIN(add_rows, CSK_KIND)(potentials, weights, stride, spikes, spike_count);
}

static void CSK_JOIN(table_sum_rows, CSK_KIND)(void *sums, const void *weights, size_t stride,
                                               const int32_t *spikes, size_t spike_count) {
  CSK_JOIN(sum_rows, CSK_KIND)(sums, weights, stride, spikes, spike_count);
}

static size_t CSK_JOIN(table_pack, CSK_KIND)(const void *values, size_t count, int only_positive,
                                             void *packed, int32_t *units) {
  return CSK_JOIN(pack, CSK_KIND)(values, count, only_positive, packed, units);
}

static void CSK_JOIN(table_count, CSK_KIND)(void *counts, const int32_t *spikes,
                                            size_t spike_count) {
  CSK_JOIN(count, CSK_KIND)(counts, spikes, spike_count);
}

static void CSK_JOIN(table_read_line, CSK_KIND)(const void *line, size_t stride, size_t count,
                                                int sign, void *values) {
  CSK_JOIN(read_line, CSK_KIND)(line, stride, count, sign, values);
}

static int CSK_JOIN(table_update_line, CSK_KIND)(void *line, size_t stride, const void *counts,
                                                 const int32_t *units, size_t count,
                                                 double factor, double bound) {
  return CSK_JOIN(update_line, CSK_KIND)(line, stride, counts, units, count, (CSK_REAL)factor,
                                         (CSK_REAL)bound);
}

static size_t CSK_JOIN(table_double_sums, CSK_KIND)(void *sums, void *sent, size_t units) {
  return CSK_JOIN(double_sums, CSK_KIND)(sums, sent, units);
}

static csk_outcome CSK_JOIN(table_refine, CSK_KIND)(void *sums, void *sent, size_t first,
                                                    size_t units, int32_t quantum, int32_t *out,
                                                    size_t room, size_t *comparisons) {
  return CSK_JOIN(refine, CSK_KIND)(sums, sent, first, units, quantum, out, room, comparisons);
}

static csk_bits_outcome CSK_JOIN(table_refine_bits, CSK_KIND)(void *sums, void *sent,
                                                              size_t units, int32_t quantum,
                                                              uint16_t *positive,
                                                              uint16_t *negative) {
  return CSK_JOIN(refine_bits, CSK_KIND)(sums, sent, units, quantum, positive, negative);
}

#define CSK_ENTRY(name) .name = CSK_JOIN(table_##name, CSK_KIND)
#define CSK_KERNELS                                                                              \
  {CSK_ENTRY(feed_rows), CSK_ENTRY(feed_vector), CSK_ENTRY(feed_steps), CSK_ENTRY(fire_step),    \
   CSK_ENTRY(add_rows),  CSK_ENTRY(sum_rows),    CSK_ENTRY(pack),       CSK_ENTRY(count),        \
   CSK_ENTRY(read_line), CSK_ENTRY(update_line), CSK_ENTRY(double_sums), CSK_ENTRY(refine),    \
   CSK_ENTRY(refine_bits)}
static const csk_kernels CSK_JOIN(kernels, CSK_KIND) = CSK_KERNELS;
#undef CSK_ENTRY
#undef CSK_KERNELS
#undef CSK_QUANTUM
