#include "gf2.h"

#if QKD_X86

#define GF2_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul,vpclmulqdq")))
#define LANES 2
typedef __m256i lanes;
#define lanes_clmul_low(a, b) _mm256_clmulepi64_epi128(a, b, 0x00)
#define lanes_clmul_high(a, b) _mm256_clmulepi64_epi128(a, b, 0x11)
#define lanes_swap(a) _mm256_shuffle_epi32(a, 0x4E)
#define lanes_up(a) _mm256_slli_si256(a, 8)
#define lanes_down(a) _mm256_srli_si256(a, 8)
#include "gf2_lanes.h"

GF2_TARGET void qkd_gf2_multiply_vclmul(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                                        uint64_t *scratch) {
    multiply(ring, a, b, count, scratch);
}

#else
typedef int qkd_gf2_vclmul_absent;
#endif
