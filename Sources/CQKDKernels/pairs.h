#ifndef QKD_PAIRS_H
#define QKD_PAIRS_H

#include <string.h>

#include "CQKDKernels.h"
#include "levels.h"

// A step from one tag to the next waits for the step before it (where B has come to), some 15 cycles. Four segments of
// A are walked side by side, so that four such waits overlap.
enum { QKD_SEGMENTS = 4, QKD_SEGMENT = 256 };

/// The first of b[from..<count] that is not below `key`, looked for by growing steps.
static inline size_t qkd_lower_bound(const int64_t *b, size_t from, size_t count, int64_t key) {
    size_t step = QKD_SEGMENT;
    while (step < count - from && b[from + step] < key) {
        from += step;
        step *= 2;
    }
    size_t end = step < count - from ? from + step : count;
    while (from < end) {
        const size_t middle = from + (end - from) / 2;
        if (b[middle] < key) from = middle + 1;
        else end = middle;
    }
    return from;
}

/// The place in B of each segment's first tag; 0 if B ends too near to be read a few tags beyond.
static inline int qkd_segment_heads(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                                    size_t from, size_t *heads) {
    if (count_b < 16 || b[count_b - 16] <= a[QKD_SEGMENTS * QKD_SEGMENT - 1] + high) return 0;
    for (int segment = 0; segment < QKD_SEGMENTS; segment++)
        heads[segment] = from = qkd_lower_bound(b, from, count_b, a[segment * QKD_SEGMENT] + low);
    return 1;
}

/// Pairs of A's next four segments; returns how many, or -1 if they are too many for this way or B ends too near.
ptrdiff_t qkd_pairs_avx2(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high, size_t first_a,
                         size_t *head, uint32_t *pairs_a, uint32_t *pairs_b);
ptrdiff_t qkd_pairs_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                           size_t first_a, size_t *head, uint32_t *pairs_a, uint32_t *pairs_b);

/// Differences of A's next four segments into the histogram; 0 if B ends too near.
int qkd_histogram_avx2(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t limit,
                       uint64_t multiplier, int shift, size_t *head, int64_t *counts);
int qkd_histogram_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t limit,
                         uint64_t multiplier, int shift, size_t *head, int64_t *counts);

#endif
