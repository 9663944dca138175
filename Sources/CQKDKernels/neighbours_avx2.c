#include "neighbours.h"

#if QKD_X86

// For each set of four lanes, their numbers in front.
static const uint32_t numbers4[16][4] __attribute__((aligned(16))) = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0}, {0, 2, 0, 0}, {1, 2, 0, 0}, {0, 1, 2, 0},
    {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0}, {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3},
};

QKD_AVX2 size_t qkd_near_avx2(const int64_t *times, size_t from, int64_t window, uint32_t *places) {
    const __m256i most = _mm256_set1_epi64x(window);
    size_t found = 0;
    for (size_t k = 0; k < QKD_NEIGHBOUR_BLOCK; k += 4) {
        const int64_t *here = times + from + k;
        const __m256i step = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(here + 1)),
                                              _mm256_loadu_si256((const __m256i *)here));
        const unsigned far = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(step, most)));
        const unsigned near = far ^ 15;
        const __m128i numbers = _mm_load_si128((const __m128i *)numbers4[near]);
        _mm_storeu_si128((__m128i *)(places + found), _mm_add_epi32(numbers, _mm_set1_epi32((int)(from + k))));
        found += (size_t)__builtin_popcount(near);
    }
    return found;
}

#else
typedef int qkd_near_avx2_absent;
#endif
