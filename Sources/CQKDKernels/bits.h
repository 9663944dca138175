#ifndef QKD_BITS_H
#define QKD_BITS_H

#include "CQKDKernels.h"
#include "levels.h"

size_t qkd_bits_compress_avx2(const uint64_t *plane, const uint64_t *mask, size_t words, uint64_t *packed);
size_t qkd_bits_expand_avx2(const uint64_t *packed, const uint64_t *mask, size_t words, uint64_t *plane);

/// Moves the bits of `value` under `mask` to the low end, in six steps over doubling distances.
/// Source: H. S. Warren, Hacker's Delight, 2nd ed., section 7-4 ("compress").
static inline uint64_t qkd_compress_word(uint64_t value, uint64_t mask) {
    value &= mask;
    uint64_t zeros_below = ~mask << 1;
    for (int step = 0; step < 6; step++) {
        uint64_t parity = zeros_below ^ zeros_below << 1;
        parity ^= parity << 2;
        parity ^= parity << 4;
        parity ^= parity << 8;
        parity ^= parity << 16;
        parity ^= parity << 32;
        const uint64_t moving = parity & mask, moved = value & moving;
        mask = (mask ^ moving) | moving >> (1 << step);
        value = (value ^ moved) | moved >> (1 << step);
        zeros_below &= ~parity;
    }
    return value;
}

/// Puts `count` bits (64 at most, all others zero) behind the first `at` of a string whose words are zero from there on.
static inline void qkd_put_bits(uint64_t *string, size_t at, uint64_t bits, unsigned count) {
    string[at / 64] |= bits << at % 64;
    if (at % 64 + count > 64) string[at / 64 + 1] |= bits >> (64 - at % 64);
}

#endif
