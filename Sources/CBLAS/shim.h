// Frozen: SwiftPM does not track changes to this file. What evolves belongs in a C target.
#pragma once
#include <cblas.h>
#include <lapacke.h>

// `lapack_int` is a macro, which Swift cannot see.
typedef lapack_int LAPACKInt;
