#include <string.h>

#include "gf2.h"

/// The 64 bits of a string of `count` from bit `at` on; what lies behind the string is zero.
static inline uint64_t bits_at(const uint64_t *bits, size_t count, size_t at) {
    if (at >= count) return 0;
    const size_t word = at / 64, last = (count - 1) / 64;
    const unsigned shift = at % 64;
    uint64_t value = bits[word] >> shift;
    if (word < last) value |= bits[word + 1] << 1 << (63 - shift);
    const size_t left = count - at;
    return left < 64 ? value & qkd_gf2_last_mask(left) : value;
}

void qkd_gf2_cut(const qkd_gf2_ring *ring, const uint64_t *bits, size_t count, uint64_t *elements, size_t first,
                 size_t end) {
    const size_t words = ring->words, used = (ring->bits + 63) / 64;
    for (size_t k = first; k < end; k++) {
        uint64_t *element = elements + 2 * words * k;
        memset(element, 0, 2 * words * sizeof(uint64_t));
        const size_t from = k * ring->bits;
        // Up to the last words nobody has to look for the end.
        size_t i = 0;
        const unsigned shift = from % 64;
        for (const size_t word = from / 64; i < used && word + i + 2 < count / 64; i++)
            element[i] = bits[word + i] >> shift | bits[word + i + 1] << 1 << (63 - shift);
        for (; i < used && from + 64 * i < count; i++) element[i] = bits_at(bits, count, from + 64 * i);
        element[used - 1] &= qkd_gf2_last_mask(ring->bits);
    }
}

void qkd_gf2_join(const qkd_gf2_ring *ring, const uint64_t *elements, size_t first, size_t count, uint64_t *bits) {
    const size_t words = ring->words;
    memset(bits, 0, (count + 63) / 64 * sizeof(uint64_t));
    for (size_t k = first / ring->bits; count > 0 && k <= (first + count - 1) / ring->bits; k++) {
        const uint64_t *low = elements + 2 * words * k;
        const uint64_t *high = elements + 2 * words * (k ? k - 1 : ring->pieces - 1) + words;
        // Bits `skip` ..< `end` of the piece go to bit `to` on.
        const size_t start = k * ring->bits, skip = first > start ? first - start : 0;
        const size_t left = first + count - start, end = left < ring->bits ? left : ring->bits;
        const size_t to = start + skip - first;
        for (size_t i = skip; i < end; i += 64) {
            const uint64_t value = bits_at(low, end, i) ^ bits_at(high, end, i);
            const size_t at = to + i - skip;
            bits[at / 64] |= value << at % 64;
            if (at % 64 && at / 64 + 1 < (count + 63) / 64) bits[at / 64 + 1] |= value >> (64 - at % 64);
        }
    }
}
