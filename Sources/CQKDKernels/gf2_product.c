#include <string.h>

#include "gf2.h"

__extension__ typedef unsigned __int128 wide;

/// Whole numbers multiply without carries into a neighbour if each keeps one bit in five: no column sums above 13.
/// Takes as long for all bits, as table look-ups would not.
static inline wide word_product(uint64_t a, uint64_t b) {
    static const uint64_t masks[5] = {0x1084210842108421, 0x2108421084210842, 0x4210842108421084, 0x8421084210842108,
                                      0x0842108421084210};
    wide sum = 0;
    for (int residue = 0; residue < 5; residue++) {
        wide part = 0;
        for (int i = 0; i < 5; i++) {
            const int j = (residue + 5 - i) % 5;
            part ^= (wide)(a & masks[i]) * (b & masks[j]);
        }
        // Bits of 128 in this residue: the masks repeat every 5 bits, and 64 is 4 more than a multiple.
        sum ^= part & ((wide)masks[(residue + 1) % 5] << 64 | masks[residue]);
    }
    return sum;
}

/// Karatsuba's halving down to rows of words.
void qkd_gf2_product_scalar(const uint64_t *a, const uint64_t *b, size_t words, uint64_t *product, uint64_t *scratch) {
    if (words <= 2) {
        memset(product, 0, 2 * words * sizeof(uint64_t));
        for (size_t i = 0; i < words; i++)
            for (size_t j = 0; j < words; j++) {
                const wide p = word_product(a[i], b[j]);
                product[i + j] ^= (uint64_t)p;
                product[i + j + 1] ^= (uint64_t)(p >> 64);
            }
        return;
    }
    const size_t half = (words + 1) / 2, rest = words - half;
    uint64_t *sum_a = scratch, *sum_b = scratch + half, *middle = scratch + 2 * half, *more = scratch + 4 * half;
    for (size_t i = 0; i < half; i++) {
        sum_a[i] = a[i] ^ (i < rest ? a[half + i] : 0);
        sum_b[i] = b[i] ^ (i < rest ? b[half + i] : 0);
    }
    qkd_gf2_product_scalar(a, b, half, product, more);
    qkd_gf2_product_scalar(a + half, b + half, rest, product + 2 * half, more);
    qkd_gf2_product_scalar(sum_a, sum_b, half, middle, more);
    for (size_t i = 0; i < half; i++) {
        const uint64_t both = product[half + i] ^ product[2 * half + i];
        product[half + i] = both ^ product[i] ^ middle[i];
        product[2 * half + i] = both ^ (half + i < 2 * rest ? product[3 * half + i] : 0) ^ middle[half + i];
    }
}

/// The `words` words from bit `from` on of a string that goes on behind them by a word at least.
static void shift_down(const uint64_t *string, size_t from, size_t words, uint64_t *to) {
    const size_t whole = from / 64;
    const unsigned bits = from % 64;
    for (size_t i = 0; i < words; i++)
        to[i] = string[i + whole] >> bits | string[i + whole + 1] << 1 << (63 - bits);
}

void qkd_gf2_multiply_scalar(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                             uint64_t *scratch) {
    const size_t words = ring->words, used = (ring->bits + 63) / 64;
    const uint64_t mask = qkd_gf2_last_mask(ring->bits);
    uint64_t *sum_a = scratch, *sum_b = sum_a + words, *lows = sum_b + words, *highs = lows + 2 * words + 1;
    uint64_t *sums = highs + 2 * words + 1, *more = sums + 2 * words + 1;
    for (size_t k = 0; k < count; k++, a += 2 * words, b += 2 * words) {
        for (size_t i = 0; i < used; i++) {
            sum_a[i] = a[i] ^ a[words + i];
            sum_b[i] = b[i] ^ b[words + i];
        }
        qkd_gf2_product_scalar(a, b, used, lows, more);
        qkd_gf2_product_scalar(a + words, b + words, used, highs, more);
        qkd_gf2_product_scalar(sum_a, sum_b, used, sums, more);
        // By w w = w + 1: (lows + highs) + (sums + lows) w, of which each is cut at L again.
        for (size_t i = 0; i < 2 * used; i++) {
            highs[i] ^= lows[i];
            sums[i] ^= lows[i];
        }
        highs[2 * used] = sums[2 * used] = 0;
        shift_down(highs, ring->bits, used, sum_a);
        shift_down(sums, ring->bits, used, sum_b);
        for (size_t i = 0; i < used; i++) {
            a[i] = highs[i] ^ sum_b[i];
            a[words + i] = sum_a[i] ^ sums[i] ^ sum_b[i];
        }
        a[used - 1] &= mask;
        a[words + used - 1] &= mask;
    }
}
