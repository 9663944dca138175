#include "histogram.h"

#if QKD_X86

/// Counts differences, eight at a time; those behind `count` are any numbers and stay out.
QKD_AVX2 static void settle(uint32_t *differences, size_t count, const qkd_bins *bins, int64_t *counts) {
    const __m256i factor = _mm256_set1_epi64x((int64_t)bins->multiplier);
    const __m128i by = _mm_cvtsi32_si128(bins->shift);
    // Times that do not rise may not lead out of the bins.
    const __m256i most = _mm256_set1_epi32((int)(uint32_t)(bins->limit - 1));
    for (size_t k = 0; k < count; k += 8) {
        const __m256i d = _mm256_min_epu32(_mm256_loadu_si256((const __m256i *)(differences + k)), most);
        const __m256i even = _mm256_srl_epi64(_mm256_mul_epu32(d, factor), by);
        const __m256i odd = _mm256_srl_epi64(_mm256_mul_epu32(_mm256_srli_epi64(d, 32), factor), by);
        _mm256_storeu_si256((__m256i *)(differences + k), _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA));
    }
    for (size_t k = 0; k < count; k++) counts[differences[k]]++;
}

/// Writes eight differences, and returns how many of them count: B rises, so that these stand in front.
QKD_AVX2 static inline unsigned put8(const int64_t *b, __m256i start, __m256i limit, uint32_t *differences) {
    const __m256i low = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)b), start);
    const __m256i high = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(b + 4)), start);
    const __m256i packed =
        _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88));
    _mm256_storeu_si256((__m256i *)differences, _mm256_permute4x64_epi64(packed, 0xD8));
    const __m256i within = _mm256_packs_epi32(_mm256_cmpgt_epi64(limit, low), _mm256_cmpgt_epi64(limit, high));
    return (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(within)) / 4;
}

QKD_AVX2 void qkd_differences_avx2(const int64_t *a, const uint32_t *heads, size_t count, const int64_t *b,
                                   size_t count_b, const qkd_bins *bins, int64_t *counts) {
    uint32_t differences[QKD_DIFFERENCES + QKD_DIFFERENCE_SLACK];
    const __m256i limit = _mm256_set1_epi64x(bins->limit);
    size_t found = 0;
    for (size_t k = 0; k < count; k++) {
        const int64_t start = a[k] + bins->low;
        const __m256i from = _mm256_set1_epi64x(start);
        size_t j = heads[k];
        unsigned within = 8;
        while (within == 8 && j + 8 <= count_b) {
            within = put8(b + j, from, limit, differences + found);
            found += within;
            j += 8;
            if (__builtin_expect(found > QKD_DIFFERENCES, 0)) {
                settle(differences, found, bins, counts);
                found = 0;
            }
        }
        if (__builtin_expect(within == 8, 0)) qkd_count_plain(start, b, count_b, j, bins, counts);
    }
    settle(differences, found, bins, counts);
}

#else
typedef int qkd_histogram_avx2_absent;
#endif
