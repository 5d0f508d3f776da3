// The JavaScript of Vega and Vega-Lite, and their license, to stand in a report. See LICENSE.txt.
#pragma once
#include <stddef.h>

typedef struct {
  const char *text;  // UTF-8, not terminated
  size_t length;
} cvega_text;

cvega_text cvega_vega(void);
cvega_text cvega_vega_lite(void);
cvega_text cvega_license(void);
