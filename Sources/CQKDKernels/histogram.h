#ifndef QKD_HISTOGRAM_H
#define QKD_HISTOGRAM_H

#include "levels.h"
#include "merge_path.h"

/// How a difference becomes a bin: those from `low` on up to `limit` behind it count.
typedef struct {
    int64_t low, limit;
    uint64_t multiplier;
    int shift;
} qkd_bins;

// A vector level writes a tag's differences eight at a time, whether they count or not, into this much room, and counts
// them together: what has to wait for memory then waits for many at once.
enum { QKD_DIFFERENCES = 2048, QKD_DIFFERENCE_SLACK = 32 };

/// Counts the differences of one tag of A to B from `j` on, while they count.
static inline void qkd_count_plain(int64_t start, const int64_t *b, size_t count_b, size_t j, const qkd_bins *bins,
                                   int64_t *counts) {
    // Unsigned: times that do not rise end the search instead of leading out of the bins.
    for (; j < count_b && (uint64_t)(b[j] - start) < (uint64_t)bins->limit; j++)
        counts[(uint64_t)(b[j] - start) * bins->multiplier >> bins->shift]++;
}

/// Counts the differences of a run of A's tags, whose first ones in B are given.
void qkd_differences_avx2(const int64_t *a, const uint32_t *heads, size_t count, const int64_t *b, size_t count_b,
                          const qkd_bins *bins, int64_t *counts);
void qkd_differences_avx512(const int64_t *a, const uint32_t *heads, size_t count, const int64_t *b, size_t count_b,
                            const qkd_bins *bins, int64_t *counts);

#endif
