#include "pairs.h"

#if QKD_X86

enum { ROOM = 1024 };

/// A segment's way through B, and its differences that are not counted yet.
typedef struct {
    size_t b, count;
    uint32_t *differences;
} walk;

/// Counts differences, sixteen at a time; those behind `count` are any numbers and stay out.
QKD_AVX512 static void settle(uint32_t *differences, size_t count, uint64_t multiplier, int shift, int64_t *counts) {
    const __m512i factor = _mm512_set1_epi64((int64_t)multiplier);
    const __m128i by = _mm_cvtsi32_si128(shift);
    for (size_t k = 0; k < count; k += 16) {
        const __m512i d = _mm512_loadu_si512(differences + k);
        const __m512i even = _mm512_srl_epi64(_mm512_mul_epu32(d, factor), by);
        const __m512i odd = _mm512_srl_epi64(_mm512_mul_epu32(_mm512_srli_epi64(d, 32), factor), by);
        _mm512_storeu_si512(differences + k, _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32)));
    }
    for (size_t k = 0; k < count; k++) counts[differences[k]]++;
}

/// Writes the differences of one tag of A that count, with whatever behind them to make eight.
QKD_AVX512 static inline void step(walk *at, int64_t start, const int64_t *b, __m512i limit, uint64_t multiplier,
                                   int shift, int64_t *counts) {
    const __m512i first = _mm512_set1_epi64(start);
    __m512i next;
    unsigned below;
    size_t from;
    do {
        from = at->b;
        next = _mm512_sub_epi64(_mm512_loadu_si512(b + from), first);
        below = _mm512_movepi64_mask(next);
        at->b += (size_t)__builtin_popcount(below);
    } while (__builtin_expect(below == 255, 0));
    for (;;) {
        // Unsigned, so that what lies below does not count either.
        const __mmask8 in = _mm512_cmplt_epu64_mask(next, limit);
        _mm256_storeu_si256((__m256i *)(at->differences + at->count),
                            _mm256_maskz_compress_epi32(in, _mm512_cvtepi64_epi32(next)));
        at->count += (size_t)__builtin_popcount(in);
        if (__builtin_expect(at->count > ROOM - 8, 0)) {
            settle(at->differences, at->count, multiplier, shift, counts);
            at->count = 0;
        }
        // B rises: behind a last one that does not count there are no more.
        if (__builtin_expect(in < 128, 1)) return;
        from += 8;
        next = _mm512_sub_epi64(_mm512_loadu_si512(b + from), first);
    }
}

QKD_AVX512 int qkd_histogram_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t limit,
                                    uint64_t multiplier, int shift, size_t *head, int64_t *counts) {
    size_t heads[QKD_SEGMENTS];
    if (!qkd_segment_heads(a, b, count_b, low, low + limit, *head, heads)) return 0;
    uint32_t differences[QKD_SEGMENTS][ROOM];
    const __m512i end = _mm512_set1_epi64(limit);
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
typedef int qkd_histogram_avx512_absent;
#endif
