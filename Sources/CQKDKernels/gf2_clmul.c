#include "gf2.h"

#if QKD_X86

#define GF2_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))
#define LANES 1
typedef __m128i lanes;
#define lanes_clmul_low(a, b) _mm_clmulepi64_si128(a, b, 0x00)
#define lanes_clmul_high(a, b) _mm_clmulepi64_si128(a, b, 0x11)
#define lanes_swap(a) _mm_shuffle_epi32(a, 0x4E)
#define lanes_up(a) _mm_slli_si128(a, 8)
#define lanes_down(a) _mm_srli_si128(a, 8)
#include "gf2_lanes.h"

GF2_TARGET void qkd_gf2_multiply_clmul(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                                       uint64_t *scratch) {
    multiply(ring, a, b, count, scratch);
}

GF2_TARGET void qkd_gf2_product_clmul(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *result,
                                      uint64_t *scratch) {
    const size_t blocks = (words + 1) / 2;
    lanes *in_a = (lanes *)(((uintptr_t)scratch + sizeof(lanes) - 1) / sizeof(lanes) * sizeof(lanes));
    lanes *in_b = in_a + blocks, *out = in_b + blocks, *more = out + 2 * blocks;
    fill(in_a, 0, a, words);
    fill(in_b, 0, b, words);
    product(out, in_a, in_b, blocks, more);
    memcpy(result, out, 2 * words * sizeof(uint64_t));
}

#else
typedef int qkd_gf2_clmul_absent;
#endif
