// One level of the transform over R, compiled for each level of instructions: GF2_TARGET says which.

#include <string.h>

#include "gf2.h"

/// Four words, at any address of a word.
typedef uint64_t words4 __attribute__((vector_size(32), aligned(8), may_alias));

/// Words of zeros behind each half in scratch memory: shifts read whole vectors beyond the end.
enum { GUARD = 8 };

/// Three halves h[0], h[1], h[2] = h[0] + h[1] of h[0] + h[1] w. By w w = w + 1, times w is moving on by one.
typedef struct {
    uint64_t *half[3];
} triple;

static triple triple_in(uint64_t *scratch, size_t words) {
    triple t;
    for (size_t i = 0; i < 3; i++) {
        t.half[i] = scratch + i * (words + GUARD);
        memset(t.half[i] + words, 0, GUARD * sizeof(uint64_t));
    }
    return t;
}

/// to = low x^e + the top e bits of high, cut to L bits; e < L.
GF2_TARGET static void shift_half(const qkd_gf2_ring *ring, const uint64_t *low, const uint64_t *high, size_t e,
                                  uint64_t *to) {
    const size_t words = ring->words, up = e / 64, down = (ring->bits - e) / 64;
    const unsigned up_bits = e % 64, down_bits = (ring->bits - e) % 64;
    // Whole vectors: what is written past the e bits is written again below.
    const size_t from_high = up + (up_bits != 0);
    for (size_t i = 0; i < from_high; i += 4) {
        const words4 here = *(const words4 *)(high + i + down), next = *(const words4 *)(high + i + down + 1);
        *(words4 *)(to + i) = here >> down_bits | next << 1 << (63 - down_bits);
    }
    to[up] = up_bits ? to[up] | low[0] << up_bits : low[0];
    size_t i = up + 1;
    for (; i + 4 <= words; i += 4) {
        const words4 here = *(const words4 *)(low + i - up), before = *(const words4 *)(low + i - up - 1);
        *(words4 *)(to + i) = here << up_bits | before >> 1 >> (63 - up_bits);
    }
    for (; i < words; i++) to[i] = low[i - up] << up_bits | low[i - up - 1] >> 1 >> (63 - up_bits);
    const size_t used = (ring->bits + 63) / 64;
    to[used - 1] &= qkd_gf2_last_mask(ring->bits);
    for (i = used; i < words; i++) to[i] = 0;
}

/// to = from x^e, e < 3 L.
GF2_TARGET static void times_power(const qkd_gf2_ring *ring, const triple *from, size_t e, uint64_t *to) {
    const size_t turns = e / ring->bits, rest = e % ring->bits;
    const uint64_t *low = from->half[turns], *high = from->half[(turns + 1) % 3], *sum = from->half[(turns + 2) % 3];
    shift_half(ring, low, high, rest, to);
    shift_half(ring, high, sum, rest, to + ring->words);
}

/// a, b, c become a + b + c, (a + w b + w w c) x^e and (a + w w b + w c) x^2e.
GF2_TARGET static void split_column(const qkd_gf2_ring *ring, uint64_t *a, uint64_t *b, uint64_t *c, size_t e,
                                    const triple *t1, const triple *t2) {
    const size_t words = ring->words;
    for (size_t i = 0; i < words; i += 4) {
        const words4 a0 = *(words4 *)(a + i), b0 = *(words4 *)(b + i), c0 = *(words4 *)(c + i);
        const words4 a1 = *(words4 *)(a + words + i), b1 = *(words4 *)(b + words + i), c1 = *(words4 *)(c + words + i);
        const words4 s0 = a0 ^ b0 ^ c0, s1 = a1 ^ b1 ^ c1;
        const words4 p0 = s0 ^ b0 ^ b1 ^ c1, p1 = a1 ^ b0 ^ b1 ^ c0;
        const words4 q0 = s0 ^ p0 ^ a0, q1 = s1 ^ p1 ^ a1;
        *(words4 *)(a + i) = s0;
        *(words4 *)(a + words + i) = s1;
        *(words4 *)(t1->half[0] + i) = p0;
        *(words4 *)(t1->half[1] + i) = p1;
        *(words4 *)(t1->half[2] + i) = p0 ^ p1;
        *(words4 *)(t2->half[0] + i) = q0;
        *(words4 *)(t2->half[1] + i) = q1;
        *(words4 *)(t2->half[2] + i) = q0 ^ q1;
    }
    times_power(ring, t1, e, b);
    times_power(ring, t2, 2 * e, c);
}

GF2_TARGET static void spread(const uint64_t *element, size_t words, const triple *to) {
    for (size_t i = 0; i < words; i += 4) {
        const words4 low = *(const words4 *)(element + i), high = *(const words4 *)(element + words + i);
        *(words4 *)(to->half[0] + i) = low;
        *(words4 *)(to->half[1] + i) = high;
        *(words4 *)(to->half[2] + i) = low ^ high;
    }
}

/// Undoes `split_column`: by 3 = 1 there is nothing to divide by.
GF2_TARGET static void merge_column(const qkd_gf2_ring *ring, uint64_t *a, uint64_t *b, uint64_t *c, size_t e,
                                    const triple *t1, const triple *t2) {
    const size_t words = ring->words, order = 3 * ring->bits;
    spread(b, words, t1);
    spread(c, words, t2);
    times_power(ring, t1, e ? order - e : 0, b);
    times_power(ring, t2, e ? order - 2 * e : 0, c);
    for (size_t i = 0; i < words; i += 4) {
        const words4 a0 = *(words4 *)(a + i), b0 = *(words4 *)(b + i), c0 = *(words4 *)(c + i);
        const words4 a1 = *(words4 *)(a + words + i), b1 = *(words4 *)(b + words + i), c1 = *(words4 *)(c + words + i);
        const words4 s0 = a0 ^ b0 ^ c0, s1 = a1 ^ b1 ^ c1;
        const words4 q0 = s0 ^ b0 ^ b1 ^ c1, q1 = a1 ^ b0 ^ b1 ^ c0;
        *(words4 *)(a + i) = s0;
        *(words4 *)(a + words + i) = s1;
        *(words4 *)(c + i) = q0;
        *(words4 *)(c + words + i) = q1;
        *(words4 *)(b + i) = s0 ^ q0 ^ a0;
        *(words4 *)(b + words + i) = s1 ^ q1 ^ a1;
    }
}

GF2_TARGET static void split_columns(const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first,
                                     size_t end, int inverse, uint64_t *scratch) {
    const size_t third = count / 3, words = ring->words, step = ring->bits / third;
    const triple t1 = triple_in(scratch, words), t2 = triple_in(scratch + 3 * (words + GUARD), words);
    for (size_t j = first; j < end; j++) {
        uint64_t *a = elements + 2 * words * j, *b = a + 2 * words * third, *c = b + 2 * words * third;
        if (inverse)
            merge_column(ring, a, b, c, j * step, &t1, &t2);
        else
            split_column(ring, a, b, c, j * step, &t1, &t2);
    }
}
