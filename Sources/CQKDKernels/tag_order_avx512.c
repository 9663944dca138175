#include "tag_order.h"

#if QKD_X86

QKD_AVX512 size_t qkd_tag_order_avx512(const int64_t *times, size_t count, qkd_tag_order *order) {
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi64(1);
    __m512i inversions = zero, ties = zero, shortest = zero;
    size_t done = 1;
    for (; count - done >= 8; done += 8) {
        const __m512i step =
            _mm512_sub_epi64(_mm512_loadu_si512(times + done), _mm512_loadu_si512(times + done - 1));
        inversions = _mm512_add_epi64(inversions, _mm512_srli_epi64(step, 63));
        ties = _mm512_mask_add_epi64(ties, _mm512_testn_epi64_mask(step, step), ties, one);
        shortest = _mm512_min_epi64(shortest, step);
    }
    order->inversions += _mm512_reduce_add_epi64(inversions);
    order->ties += _mm512_reduce_add_epi64(ties);
    const int64_t largest = -_mm512_reduce_min_epi64(shortest);
    if (largest > order->largest_inversion) order->largest_inversion = largest;
    return done;
}

#else
typedef int qkd_tag_order_avx512_absent;
#endif
