#include "tag_order.h"

#if QKD_X86

QKD_AVX2 static inline int64_t sum4(__m256i lanes) {
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    return _mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1);
}

QKD_AVX2 size_t qkd_tag_order_avx2(const int64_t *times, size_t count, qkd_tag_order *order) {
    const __m256i zero = _mm256_setzero_si256();
    // Comparisons give -1 in each lane where they hold.
    __m256i inversions = zero, ties = zero, shortest = zero;
    size_t done = 1;
    for (; count - done >= 4; done += 4) {
        const __m256i step = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(times + done)),
                                              _mm256_loadu_si256((const __m256i *)(times + done - 1)));
        const __m256i back = _mm256_cmpgt_epi64(zero, step);
        inversions = _mm256_sub_epi64(inversions, back);
        ties = _mm256_sub_epi64(ties, _mm256_cmpeq_epi64(step, zero));
        shortest = _mm256_blendv_epi8(shortest, step, _mm256_cmpgt_epi64(shortest, step));
    }
    order->inversions += sum4(inversions);
    order->ties += sum4(ties);
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, shortest);
    for (int lane = 0; lane < 4; lane++)
        if (-lanes[lane] > order->largest_inversion) order->largest_inversion = -lanes[lane];
    return done;
}

#else
typedef int qkd_tag_order_avx2_absent;
#endif
