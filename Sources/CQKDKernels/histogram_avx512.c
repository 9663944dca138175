#include "histogram.h"

#if QKD_X86

/// Counts differences, sixteen at a time; those behind `count` are any numbers and stay out.
QKD_AVX512 static void settle(uint32_t *differences, size_t count, const qkd_bins *bins, int64_t *counts) {
    const __m512i factor = _mm512_set1_epi64((int64_t)bins->multiplier);
    const __m128i by = _mm_cvtsi32_si128(bins->shift);
    // Times that do not rise may not lead out of the bins.
    const __m512i most = _mm512_set1_epi32((int)(uint32_t)(bins->limit - 1));
    for (size_t k = 0; k < count; k += 16) {
        const __m512i d = _mm512_min_epu32(_mm512_loadu_si512(differences + k), most);
        const __m512i even = _mm512_srl_epi64(_mm512_mul_epu32(d, factor), by);
        const __m512i odd = _mm512_srl_epi64(_mm512_mul_epu32(_mm512_srli_epi64(d, 32), factor), by);
        _mm512_storeu_si512(differences + k, _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32)));
    }
    for (size_t k = 0; k < count; k++) counts[differences[k]]++;
}

QKD_AVX512 void qkd_differences_avx512(const int64_t *a, const uint32_t *heads, size_t count, const int64_t *b,
                                       size_t count_b, const qkd_bins *bins, int64_t *counts) {
    uint32_t differences[QKD_DIFFERENCES + QKD_DIFFERENCE_SLACK];
    const __m512i limit = _mm512_set1_epi64(bins->limit);
    size_t found = 0;
    for (size_t k = 0; k < count; k++) {
        const int64_t start = a[k] + bins->low;
        const __m512i from = _mm512_set1_epi64(start);
        size_t j = heads[k];
        unsigned within = 255;
        while (within == 255 && j + 8 <= count_b) {
            const __m512i next = _mm512_sub_epi64(_mm512_loadu_si512(b + j), from);
            // B rises, so that those that count stand in front.
            within = _mm512_cmplt_epi64_mask(next, limit);
            _mm256_storeu_si256((__m256i *)(differences + found), _mm512_cvtepi64_epi32(next));
            found += (size_t)__builtin_popcount(within);
            j += 8;
            if (__builtin_expect(found > QKD_DIFFERENCES, 0)) {
                settle(differences, found, bins, counts);
                found = 0;
            }
        }
        if (__builtin_expect(within == 255, 0)) qkd_count_plain(start, b, count_b, j, bins, counts);
    }
    settle(differences, found, bins, counts);
}

#else
typedef int qkd_histogram_avx512_absent;
#endif
