#ifndef QKD_GF2_H
#define QKD_GF2_H

#include "CQKDKernels.h"
#include "levels.h"

/// What carry-less multiplication the machine has beside its level: AVX2 does not promise any.
enum { QKD_CLMUL_NONE = 0, QKD_CLMUL_128 = 1, QKD_CLMUL_256 = 2 };

// By Karatsuba's halving down to what multiplies without carries: whole numbers, or one or two lanes of 128 bits.
void qkd_gf2_product_scalar(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *product, uint64_t *scratch);
void qkd_gf2_product_clmul(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *product, uint64_t *scratch);

void qkd_gf2_multiply_scalar(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                             uint64_t *scratch);
void qkd_gf2_multiply_clmul(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                            uint64_t *scratch);
/// An even number of elements.
void qkd_gf2_multiply_vclmul(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                             uint64_t *scratch);

void qkd_gf2_split_scalar(const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                          int inverse, uint64_t *scratch);
void qkd_gf2_split_avx2(const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                        int inverse, uint64_t *scratch);

/// The bits of a word that are below bit `bits` of a string, in the string's last word.
static inline uint64_t qkd_gf2_last_mask(size_t bits) {
    return bits % 64 ? ((uint64_t)1 << bits % 64) - 1 : ~(uint64_t)0;
}

#endif
