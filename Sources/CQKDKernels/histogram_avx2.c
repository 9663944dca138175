#include "pairs.h"

#if QKD_X86

enum { ROOM = 1024 };

/// A segment's way through B, and its differences that are not counted yet.
typedef struct {
    size_t b, count;
    uint32_t *differences;
} walk;

/// Counts differences, eight at a time; those behind `count` are any numbers and stay out.
QKD_AVX2 static void settle(uint32_t *differences, size_t count, uint64_t multiplier, int shift, int64_t *counts) {
    const __m256i factor = _mm256_set1_epi64x((int64_t)multiplier);
    const __m128i by = _mm_cvtsi32_si128(shift);
    for (size_t k = 0; k < count; k += 8) {
        const __m256i d = _mm256_loadu_si256((const __m256i *)(differences + k));
        const __m256i even = _mm256_srl_epi64(_mm256_mul_epu32(d, factor), by);
        const __m256i odd = _mm256_srl_epi64(_mm256_mul_epu32(_mm256_srli_epi64(d, 32), factor), by);
        _mm256_storeu_si256((__m256i *)(differences + k), _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA));
    }
    for (size_t k = 0; k < count; k++) counts[differences[k]]++;
}

/// Writes the differences of one tag of A, eight whether they count or not, and passes those that do.
QKD_AVX2 static inline void step(walk *at, int64_t start, const int64_t *b, __m256i limit, uint64_t multiplier,
                                 int shift, int64_t *counts) {
    const __m256i first = _mm256_set1_epi64x(start);
    unsigned below;
    do {
        const __m256i next = _mm256_loadu_si256((const __m256i *)(b + at->b));
        below = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(first, next)));
        at->b += (size_t)__builtin_popcount(below);
    } while (__builtin_expect(below == 15, 0));
    size_t from = at->b;
    unsigned in;
    do {
        const __m256i low = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(b + from)), first);
        const __m256i high = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(b + from + 4)), first);
        // B rises, so that what lies within the range stands in front.
        in = (unsigned)__builtin_popcount(
                 (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(limit, low))))
             + (unsigned)__builtin_popcount(
                 (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(limit, high))));
        const __m256i packed = _mm256_castps_si256(
            _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88));
        _mm256_storeu_si256((__m256i *)(at->differences + at->count), _mm256_permute4x64_epi64(packed, 0xD8));
        at->count += in;
        from += 8;
        if (__builtin_expect(at->count > ROOM - 16, 0)) {
            settle(at->differences, at->count, multiplier, shift, counts);
            at->count = 0;
        }
    } while (__builtin_expect(in == 8, 0));
}

QKD_AVX2 int qkd_histogram_avx2(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t limit,
                                uint64_t multiplier, int shift, size_t *head, int64_t *counts) {
    size_t heads[QKD_SEGMENTS];
    if (!qkd_segment_heads(a, b, count_b, low, low + limit, *head, heads)) return 0;
    uint32_t differences[QKD_SEGMENTS][ROOM];
    const __m256i end = _mm256_set1_epi64x(limit);
    walk w0 = {heads[0], 0, differences[0]}, w1 = {heads[1], 0, differences[1]};
    walk w2 = {heads[2], 0, differences[2]}, w3 = {heads[3], 0, differences[3]};
    for (size_t k = 0; k < QKD_SEGMENT; k++) {
        step(&w0, a[k] + low, b, end, multiplier, shift, counts);
        step(&w1, a[k + QKD_SEGMENT] + low, b, end, multiplier, shift, counts);
        step(&w2, a[k + 2 * QKD_SEGMENT] + low, b, end, multiplier, shift, counts);
        step(&w3, a[k + 3 * QKD_SEGMENT] + low, b, end, multiplier, shift, counts);
    }
    settle(w0.differences, w0.count, multiplier, shift, counts);
    settle(w1.differences, w1.count, multiplier, shift, counts);
    settle(w2.differences, w2.count, multiplier, shift, counts);
    settle(w3.differences, w3.count, multiplier, shift, counts);
    *head = w3.b;
    return 1;
}

#else
typedef int qkd_histogram_avx2_absent;
#endif
