#ifndef QKD_BITS_SHUFFLE_H
#define QKD_BITS_SHUFFLE_H

#include "CQKDKernels.h"
#include "levels.h"

void qkd_bits_shuffle_avx2(const uint16_t *first, const uint16_t *second, const uint16_t *third, size_t words,
                           const uint64_t *bits, uint64_t *scratch, uint64_t *shuffled);

/// Swaps rows and columns of 64 by 64 bits: blocks of halving size change places.
/// Source: H. S. Warren, Hacker's Delight, 2nd ed., section 7-3.
__attribute__((always_inline)) static inline void qkd_transpose(uint64_t rows[64]) {
    uint64_t low = 0xFFFFFFFF;
    for (int size = 32; size > 0; size /= 2, low ^= low << size) {
        for (int start = 0; start < 64; start += 2 * size) {
            for (int row = start; row < start + size; row++) {
                const uint64_t differ = (rows[row] >> size ^ rows[row + size]) & low;
                rows[row] ^= differ << size;
                rows[row + size] ^= differ;
            }
        }
    }
}

/// Takes 64 words in the order that `order` says, each turned, and swaps rows and columns.
__attribute__((always_inline)) static inline void qkd_gather(const uint16_t *order, const uint64_t *bits,
                                                             uint64_t rows[64]) {
    for (int row = 0; row < 64; row++) {
        const uint64_t word = bits[order[row] >> 6];
        const int turn = order[row] & 63;
        rows[row] = word << turn | word >> (-turn & 63);
    }
    qkd_transpose(rows);
}

__attribute__((always_inline)) static inline void qkd_shuffle(const uint16_t *first, const uint16_t *second,
                                                              const uint16_t *third, size_t words,
                                                              const uint64_t *bits, uint64_t *scratch,
                                                              uint64_t *shuffled) {
    uint64_t rows[64];
    for (size_t start = 0; start < words; start += 64) qkd_gather(first + start, bits, scratch + start);
    for (size_t start = 0; start < words; start += 64) {
        qkd_gather(second + start, scratch, rows);
        for (size_t row = 0; row < 64; row++) shuffled[third[start + row]] = rows[row];
    }
}

#endif
