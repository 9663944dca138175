#ifndef QKD_SPLIT_H
#define QKD_SPLIT_H

#include "CQKDKernels.h"
#include "levels.h"

/// Parts whole runs of eight from the front; returns how many tags were gone through, and counts both sides' tags.
size_t qkd_split_avx2(const int64_t *times, const uint8_t *channels, size_t count, uint8_t sides,
                      int64_t *const side_times[2], uint8_t *const side_channels[2], size_t found[2]);

#endif
