#ifndef QKD_ALIGN_H
#define QKD_ALIGN_H

#include "CQKDKernels.h"
#include "levels.h"

/// Aligns from the front as many as fit the vectors; returns how many.
size_t qkd_align_avx2(const qkd_clock *clock, const double *delays, const int64_t *times, const uint8_t *channels,
                      size_t count, int64_t *aligned);

#endif
