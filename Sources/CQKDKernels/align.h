#ifndef QKD_ALIGN_H
#define QKD_ALIGN_H

#include "CQKDKernels.h"
#include "levels.h"

// 1.5 * 2^52: added to a number below 2^51 it leaves the nearest whole number in the low bits. Every level goes this
// way and multiplies in this order, so that all round alike.
#define QKD_ROUND 6755399441055744.0

/// Aligns from the front as many as fit the vectors; returns how many.
size_t qkd_align_avx2(const qkd_clock *clock, const double *delays, const int64_t *times, const uint8_t *channels,
                      size_t count, int64_t *aligned);

#endif
