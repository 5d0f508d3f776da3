// The 1,797 real handwritten digits of the UCI optical-digits test set: 8 x 8 pixels in 0...16.
// A C table, because a Swift array literal of this size takes half a minute to compile.
#pragma once
#include <stdint.h>

#define CED_IMAGES 1797
#define CED_PIXELS 64

extern const uint8_t ced_pixels[CED_IMAGES * CED_PIXELS];
extern const uint8_t ced_labels[CED_IMAGES];

// Swift cannot see arrays of more than 4,096 elements.
static inline const uint8_t *ced_first_pixel(void) { return ced_pixels; }
static inline const uint8_t *ced_first_label(void) { return ced_labels; }
