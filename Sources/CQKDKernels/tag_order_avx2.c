#include "tag_order.h"

#include "sum4.h"

#if QKD_X86

QKD_AVX2 static inline __m256i step4(const int64_t *times) {
    return _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)times),
                            _mm256_loadu_si256((const __m256i *)(times - 1)));
}

/// Counts steps back, and the longest of them, where there are any.
QKD_AVX2 static void count_inversions(const int64_t *times, size_t end, qkd_tag_order *order) {
    __m256i inversions = _mm256_setzero_si256(), shortest = inversions;
    for (size_t k = 1; k < end; k += 4) {
        const __m256i step = step4(times + k);
        // Comparisons give -1 in each lane where they hold.
        inversions = _mm256_sub_epi64(inversions, _mm256_cmpgt_epi64(_mm256_setzero_si256(), step));
        shortest = _mm256_blendv_epi8(shortest, step, _mm256_cmpgt_epi64(shortest, step));
    }
    order->inversions += qkd_sum4(inversions);
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, shortest);
    for (int lane = 0; lane < 4; lane++)
        if (-lanes[lane] > order->largest_inversion) order->largest_inversion = -lanes[lane];
}

QKD_AVX2 size_t qkd_tag_order_avx2(const int64_t *times, size_t count, qkd_tag_order *order) {
    __m256i any = _mm256_setzero_si256(), ties = any;
    size_t done = 1;
    for (; count - done >= 4; done += 4) {
        const __m256i step = step4(times + done);
        any = _mm256_or_si256(any, step);
        ties = _mm256_sub_epi64(ties, _mm256_cmpeq_epi64(step, _mm256_setzero_si256()));
    }
    order->ties += qkd_sum4(ties);
    if (_mm256_movemask_pd(_mm256_castsi256_pd(any))) count_inversions(times, done, order);
    return done;
}

#else
typedef int qkd_tag_order_avx2_absent;
#endif
