#include "pairs.h"

#if QKD_X86

/// A segment's way through B and its pairs; what does not fit ends the attempt.
typedef struct {
    size_t b, count;
} walk;

/// Pairs one tag of A; returns 0 if there are too many. The tag's first partner, or whatever stands in its place, is
/// written always, and counted if it is one: no branch waits for it.
QKD_AVX2 static inline int step(walk *at, size_t index, int64_t time, const int64_t *b, int64_t low, int64_t high,
                                uint32_t *pairs_a, uint32_t *pairs_b) {
    const __m256i first = _mm256_set1_epi64x(time + low);
    unsigned below;
    do {
        const __m256i next = _mm256_loadu_si256((const __m256i *)(b + at->b));
        below = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(first, next)));
        at->b += (size_t)__builtin_popcount(below);
    } while (__builtin_expect(below == 15, 0));
    const int64_t last = time + high;
    pairs_a[at->count] = (uint32_t)index;
    pairs_b[at->count] = (uint32_t)at->b;
    at->count += b[at->b] <= last;
    if (__builtin_expect(b[at->b + 1] <= last, 0)) {
        for (size_t j = at->b + 1; b[j] <= last; j++) {
            if (at->count == 2 * QKD_SEGMENT - 1) return 0;
            pairs_a[at->count] = (uint32_t)index;
            pairs_b[at->count++] = (uint32_t)j;
        }
    }
    return 1;
}

QKD_AVX2 ptrdiff_t qkd_pairs_avx2(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                                  size_t first_a, size_t *head, uint32_t *pairs_a, uint32_t *pairs_b) {
    const int64_t *from = a + first_a;
    size_t heads[QKD_SEGMENTS];
    if (!qkd_segment_heads(from, b, count_b, low, high, *head, heads)) return -1;
    // The last of each is never read: it takes a write without a partner behind a full segment.
    uint32_t found_a[QKD_SEGMENTS][2 * QKD_SEGMENT], found_b[QKD_SEGMENTS][2 * QKD_SEGMENT];
    walk w0 = {heads[0], 0}, w1 = {heads[1], 0}, w2 = {heads[2], 0}, w3 = {heads[3], 0};
    for (size_t k = 0; k < QKD_SEGMENT; k++) {
        const size_t i = first_a + k;
        const int fits = step(&w0, i, from[k], b, low, high, found_a[0], found_b[0])
                         & step(&w1, i + QKD_SEGMENT, from[k + QKD_SEGMENT], b, low, high, found_a[1], found_b[1])
                         & step(&w2, i + 2 * QKD_SEGMENT, from[k + 2 * QKD_SEGMENT], b, low, high, found_a[2],
                                found_b[2])
                         & step(&w3, i + 3 * QKD_SEGMENT, from[k + 3 * QKD_SEGMENT], b, low, high, found_a[3],
                                found_b[3]);
        // A full segment could be overrun by what the tags still to come add.
        const size_t most = 2 * QKD_SEGMENT - 1;
        if (__builtin_expect(!fits || w0.count >= most || w1.count >= most || w2.count >= most || w3.count >= most, 0))
            return -1;
    }
    const walk all[QKD_SEGMENTS] = {w0, w1, w2, w3};
    size_t count = 0;
    for (int segment = 0; segment < QKD_SEGMENTS; segment++) {
        memcpy(pairs_a + count, found_a[segment], 4 * all[segment].count);
        memcpy(pairs_b + count, found_b[segment], 4 * all[segment].count);
        count += all[segment].count;
    }
    *head = w3.b;
    return (ptrdiff_t)count;
}

#else
typedef int qkd_pairs_avx2_absent;
#endif
