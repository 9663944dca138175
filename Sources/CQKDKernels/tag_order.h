#ifndef QKD_TAG_ORDER_H
#define QKD_TAG_ORDER_H

#include "CQKDKernels.h"
#include "levels.h"

/// Compares each time but the first with the one in front of it; returns how many times were gone through, at least 1.
size_t qkd_tag_order_avx2(const int64_t *times, size_t count, qkd_tag_order *order);
size_t qkd_tag_order_avx512(const int64_t *times, size_t count, qkd_tag_order *order);

#endif
