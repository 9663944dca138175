#include "align.h"

#if QKD_X86

/// Four whole numbers as doubles, rounded once: the high halves are exact, and so are the low ones.
QKD_AVX2 static inline __m256d to_double(__m256i whole) {
    const __m256i highs = _mm256_permutevar8x32_epi32(whole, _mm256_setr_epi32(1, 3, 5, 7, 1, 3, 5, 7));
    const __m256d high = _mm256_mul_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(highs)), _mm256_set1_pd(4294967296.0));
    // 2^52 with a low half below 2^32 in its last bits.
    const __m256d zero = _mm256_set1_pd(4503599627370496.0);
    const __m256i low = _mm256_and_si256(whole, _mm256_set1_epi64x(0xFFFFFFFF));
    return _mm256_add_pd(
        high, _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(low, _mm256_castpd_si256(zero))), zero));
}

#pragma STDC FP_CONTRACT OFF
QKD_AVX2 size_t qkd_align_avx2(const qkd_clock *clock, const double *delays, const int64_t *times,
                               const uint8_t *channels, size_t count, int64_t *aligned) {
    const __m256i reference = _mm256_set1_epi64x(clock->reference);
    const __m256d magic = _mm256_set1_pd(QKD_ROUND);
    const __m256i offset = _mm256_sub_epi64(_mm256_set1_epi64x(clock->offset), _mm256_castpd_si256(magic));
    const __m256d c0 = _mm256_set1_pd(clock->c0), c1 = _mm256_set1_pd(clock->c1);
    const __m256d c2 = _mm256_set1_pd(clock->c2);
    size_t done = 0;
    for (; count - done >= 4; done += 4) {
        const __m256i time = _mm256_loadu_si256((const __m256i *)(times + done));
        const __m256i distance = _mm256_sub_epi64(time, reference);
        const __m256d x = to_double(distance);
        const __m256d delay = _mm256_setr_pd(delays[channels[done]], delays[channels[done + 1]],
                                             delays[channels[done + 2]], delays[channels[done + 3]]);
        const __m256d slope = _mm256_add_pd(c1, _mm256_mul_pd(c2, x));
        const __m256d r = _mm256_sub_pd(_mm256_add_pd(c0, _mm256_mul_pd(x, slope)), delay);
        const __m256i whole = _mm256_castpd_si256(_mm256_add_pd(r, magic));
        _mm256_storeu_si256((__m256i *)(aligned + done),
                            _mm256_add_epi64(_mm256_add_epi64(time, offset), whole));
    }
    return done;
}

#else
typedef int qkd_align_avx2_absent;
#endif
