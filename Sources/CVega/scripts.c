// Files as they are: #embed (C23) is an extension of the compiler in C17.
#include "include/CVega.h"

static const char vega[] = {
#embed "vega-5.21.0.js"
};
static const char vega_lite[] = {
#embed "vega-lite-4.17.0.js"
};
static const char license[] = {
#embed "LICENSE.txt"
};

cvega_text cvega_vega(void) { return (cvega_text){vega, sizeof vega}; }
cvega_text cvega_vega_lite(void) { return (cvega_text){vega_lite, sizeof vega_lite}; }
cvega_text cvega_license(void) { return (cvega_text){license, sizeof license}; }
