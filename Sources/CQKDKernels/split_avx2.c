#include <string.h>

#include "split.h"

#if QKD_X86

#include "front4.h"

/// Moves the times of a set of eight to the front; whole vectors are written, of which the set's count stays.
QKD_AVX2 static inline void put8(int64_t *to, __m256i low, __m256i high, unsigned set) {
    const __m256i first = _mm256_load_si256((const __m256i *)qkd_front4[set & 15]);
    const __m256i second = _mm256_load_si256((const __m256i *)qkd_front4[set >> 4]);
    _mm256_storeu_si256((__m256i *)to, _mm256_permutevar8x32_epi32(low, first));
    _mm256_storeu_si256((__m256i *)(to + __builtin_popcount(set & 15)), _mm256_permutevar8x32_epi32(high, second));
}

QKD_AVX2 size_t qkd_split_avx2(const int64_t *times, const uint8_t *channels, size_t count, uint8_t sides,
                               int64_t *const side_times[2], uint8_t *const side_channels[2], size_t found[2]) {
    int64_t *times0 = side_times[0], *times1 = side_times[1];
    uint8_t *channels0 = side_channels[0], *channels1 = side_channels[1];
    const __m128i bits = _mm_set1_epi8((char)sides);
    size_t done = 0;
    for (; count - done >= 8; done += 8) {
        uint64_t all;
        memcpy(&all, channels + done, 8);
        const __m128i masked = _mm_and_si128(_mm_cvtsi64_si128((long long)all), bits);
        const unsigned side0 = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(masked, _mm_setzero_si128())) & 255;
        const __m256i low = _mm256_loadu_si256((const __m256i *)(times + done));
        const __m256i high = _mm256_loadu_si256((const __m256i *)(times + done + 4));
        put8(times0, low, high, side0);
        put8(times1, low, high, ~side0 & 255);
        const uint64_t bytes0 = _pdep_u64(side0, 0x0101010101010101u) * 255;
        const uint64_t kept0 = _pext_u64(all, bytes0), kept1 = _pext_u64(all, ~bytes0);
        memcpy(channels0, &kept0, 8);
        memcpy(channels1, &kept1, 8);
        const int of0 = __builtin_popcount(side0);
        times0 += of0;
        channels0 += of0;
        times1 += 8 - of0;
        channels1 += 8 - of0;
    }
    found[0] = (size_t)(times0 - side_times[0]);
    found[1] = (size_t)(times1 - side_times[1]);
    return done;
}

#else
typedef int qkd_split_avx2_absent;
#endif
