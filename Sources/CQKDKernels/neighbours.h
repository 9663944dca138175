#ifndef QKD_NEIGHBOURS_H
#define QKD_NEIGHBOURS_H

#include "CQKDKernels.h"
#include "levels.h"

/// Tags that are looked at in one go.
enum { QKD_NEIGHBOUR_BLOCK = 512 };

/// Writes the places of those tags of from ..< from + QKD_NEIGHBOUR_BLOCK whose successor is within the window;
/// `places` has room for the block and eight more. There is a successor to each.
size_t qkd_near_avx2(const int64_t *times, size_t from, int64_t window, uint32_t *places);

#endif
