// The instruction sets of this build. A new set is a file of its own, and a line here.
#include "CSpikeKernels.h"

#if defined(__x86_64__)
extern const csk_set csk_avx512, csk_avx2;
#endif
extern const csk_set csk_baseline;

static const csk_set *const all_sets[] = {
#if defined(__x86_64__)
    &csk_avx512,
    &csk_avx2,
#endif
    &csk_baseline,
};

const csk_set *const *csk_sets(size_t *count) {
  *count = sizeof all_sets / sizeof *all_sets;
  return all_sets;
}
