#ifndef QKD_COUNT_CHANNELS_H
#define QKD_COUNT_CHANNELS_H

#include "CQKDKernels.h"
#include "levels.h"

// Comparing with each channel in turn costs less than tables as long as there are few of them.
enum { QKD_FEW_CHANNELS = 32 };

/// Counts the channels of whole vectors, if all of them are few; returns how many were gone through.
size_t qkd_count_few_avx2(const uint8_t *channels, size_t count, int64_t *counts);

#endif
