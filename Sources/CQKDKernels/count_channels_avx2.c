#include "count_channels.h"

#include "sum4.h"

#if QKD_X86

// So many comparisons fit a byte's count.
enum { RUN = 255 };

QKD_AVX2 static inline uint8_t highest(const uint8_t *channels, size_t vectors) {
    __m256i most = _mm256_setzero_si256();
    for (size_t k = 0; k < vectors; k++)
        most = _mm256_max_epu8(most, _mm256_loadu_si256((const __m256i *)channels + k));
    uint8_t lanes[32], top = 0;
    _mm256_storeu_si256((__m256i *)lanes, most);
    for (int lane = 0; lane < 32; lane++) top = lanes[lane] > top ? lanes[lane] : top;
    return top;
}

QKD_AVX2 static inline int64_t sum32(__m256i bytes) {
    return qkd_sum4(_mm256_sad_epu8(bytes, _mm256_setzero_si256()));
}

QKD_AVX2 size_t qkd_count_few_avx2(const uint8_t *channels, size_t count, int64_t *counts) {
    const size_t vectors = count / 32;
    const uint8_t top = highest(channels, vectors);
    if (top >= QKD_FEW_CHANNELS) return 0;
    for (size_t done = 0; done < vectors; done += RUN) {
        const size_t end = vectors - done < RUN ? vectors : done + RUN;
        for (int channel = 0; channel <= top; channel += 8) {
            __m256i found[8], wanted[8];
            for (int k = 0; k < 8; k++) {
                found[k] = _mm256_setzero_si256();
                wanted[k] = _mm256_set1_epi8((char)(channel + k));
            }
            for (size_t k = done; k < end; k++) {
                const __m256i here = _mm256_loadu_si256((const __m256i *)channels + k);
#pragma clang loop unroll(full)
                for (int lane = 0; lane < 8; lane++)
                    found[lane] = _mm256_sub_epi8(found[lane], _mm256_cmpeq_epi8(here, wanted[lane]));
            }
            for (int k = 0; k < 8; k++) counts[channel + k] += sum32(found[k]);
        }
    }
    return 32 * vectors;
}

#else
typedef int qkd_count_channels_avx2_absent;
#endif
