#ifndef QKD_SUM4_H
#define QKD_SUM4_H

#include "levels.h"

#if QKD_X86

/// The sum of four lanes.
QKD_AVX2 static inline int64_t qkd_sum4(__m256i lanes) {
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    return _mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1);
}

#endif

#endif
