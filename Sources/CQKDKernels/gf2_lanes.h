// Products by carry-less multiplication, compiled for each width of vector. The includer says what a LANES vector is:
// GF2_TARGET, LANES (how many lanes of 128 bits), lanes (the type), and the functions below it on lanes. A lane is a
// product of its own, so that one lane's instructions do for all.

#include <string.h>

#include "gf2.h"

#define INLINE GF2_TARGET static inline __attribute__((always_inline))

/// The product of one block, 128 bits a lane; Karatsuba's, because a multiplication takes as long as four additions.
INLINE void product1(lanes *r, const lanes *a, const lanes *b) {
    const lanes low = lanes_clmul_low(*a, *b), high = lanes_clmul_high(*a, *b);
    const lanes middle = lanes_clmul_low(*a ^ lanes_swap(*a), *b ^ lanes_swap(*b)) ^ low ^ high;
    r[0] = low ^ lanes_up(middle);
    r[1] = high ^ lanes_down(middle);
}

/// Karatsuba's step over sizes that the compiler knows: `half` blocks and `rest` blocks, at most one less.
#define PRODUCT(n, half, rest)                                                                                         \
    INLINE void product##n(lanes *r, const lanes *a, const lanes *b) {                                                 \
        lanes sum_a[half], sum_b[half], middle[2 * half];                                                              \
        for (int i = 0; i < half; i++) {                                                                               \
            sum_a[i] = i < rest ? a[i] ^ a[half + i] : a[i];                                                           \
            sum_b[i] = i < rest ? b[i] ^ b[half + i] : b[i];                                                           \
        }                                                                                                              \
        product##half(r, a, b);                                                                                        \
        product##rest(r + 2 * half, a + half, b + half);                                                               \
        product##half(middle, sum_a, sum_b);                                                                           \
        for (int i = 0; i < half; i++) {                                                                               \
            const lanes both = r[half + i] ^ r[2 * half + i];                                                          \
            r[half + i] = both ^ r[i] ^ middle[i];                                                                     \
            r[2 * half + i] = both ^ middle[half + i];                                                                 \
            if (half + i < 2 * rest) r[2 * half + i] ^= r[3 * half + i];                                               \
        }                                                                                                              \
    }
PRODUCT(2, 1, 1)
PRODUCT(3, 2, 1)
PRODUCT(4, 2, 2)

#define CALLED(n)                                                                                                      \
    GF2_TARGET __attribute__((noinline)) static void call##n(lanes *restrict r, const lanes *a, const lanes *b) {      \
        product##n(r, a, b);                                                                                           \
    }
CALLED(2)
CALLED(3)
CALLED(4)

/// Any number of blocks, 1 or more. `more` has room for four times as many, and four more for each halving.
GF2_TARGET static void product(lanes *restrict r, const lanes *a, const lanes *b, size_t blocks, lanes *more) {
    switch (blocks) {
    case 1: product1(r, a, b); return;
    case 2: call2(r, a, b); return;
    case 3: call3(r, a, b); return;
    case 4: call4(r, a, b); return;
    default: break;
    }
    const size_t half = (blocks + 1) / 2, rest = blocks - half;
    lanes *sum_a = more, *sum_b = more + half, *middle = more + 2 * half;
    for (size_t i = 0; i < rest; i++) {
        sum_a[i] = a[i] ^ a[half + i];
        sum_b[i] = b[i] ^ b[half + i];
    }
    if (rest < half) {
        sum_a[rest] = a[rest];
        sum_b[rest] = b[rest];
    }
    product(r, a, b, half, more + 4 * half);
    product(r + 2 * half, a + half, b + half, rest, more + 4 * half);
    product(middle, sum_a, sum_b, half, more + 4 * half);
    const size_t past = 2 * rest - half;
    for (size_t i = 0; i < past; i++) {
        const lanes both = r[half + i] ^ r[2 * half + i];
        r[half + i] = both ^ r[i] ^ middle[i];
        r[2 * half + i] = both ^ middle[half + i] ^ r[3 * half + i];
    }
    for (size_t i = past; i < half; i++) {
        const lanes both = r[half + i] ^ r[2 * half + i];
        r[half + i] = both ^ r[i] ^ middle[i];
        r[2 * half + i] = both ^ middle[half + i];
    }
}

/// Lane `lane` of `blocks` blocks from words, of which the last block may have one only.
GF2_TARGET static void fill(lanes *to, size_t lane, const uint64_t *from, size_t words) {
    uint64_t *out = (uint64_t *)to + 2 * lane;
    for (size_t i = 0; i < words; i++) out[i / 2 * 2 * LANES + i % 2] = from[i];
    if (words % 2) out[words / 2 * 2 * LANES + 1] = 0;
}

/// The lane's `words` words from bit `from` on; the blocks go on behind them by one at least.
GF2_TARGET static void take(const lanes *blocks, size_t lane, size_t from, size_t words, uint64_t *to) {
    const uint64_t *in = (const uint64_t *)blocks + 2 * lane;
    const size_t whole = from / 64;
    const unsigned bits = from % 64;
    uint64_t here = in[whole / 2 * 2 * LANES + whole % 2];
    for (size_t i = 0; i < words; i++) {
        const size_t at = whole + i + 1;
        const uint64_t next = in[at / 2 * 2 * LANES + at % 2];
        to[i] = here >> bits | next << 1 << (63 - bits);
        here = next;
    }
}

/// As many elements as LANES divides.
GF2_TARGET static void multiply(const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                                uint64_t *scratch) {
    const size_t words = ring->words, used = (ring->bits + 63) / 64, blocks = (used + 1) / 2;
    const uint64_t mask = qkd_gf2_last_mask(ring->bits);
    lanes *parts = (lanes *)(((uintptr_t)scratch + sizeof(lanes) - 1) / sizeof(lanes) * sizeof(lanes));
    lanes *lows = parts + 4 * blocks, *highs = lows + 2 * blocks, *sums = highs + 2 * blocks + 1;
    lanes *more = sums + 2 * blocks + 1;
    lanes *a0 = parts, *a1 = a0 + blocks, *b0 = a1 + blocks, *b1 = b0 + blocks;
    for (size_t k = 0; k < count; k += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const size_t element = 2 * words * (k + lane);
            fill(a0, lane, a + element, used);
            fill(a1, lane, a + element + words, used);
            fill(b0, lane, b + element, used);
            fill(b1, lane, b + element + words, used);
        }
        product(lows, a0, b0, blocks, more);
        product(highs, a1, b1, blocks, more);
        for (size_t i = 0; i < blocks; i++) {
            a0[i] ^= a1[i];
            b0[i] ^= b1[i];
        }
        product(sums, a0, b0, blocks, more);
        // By w w = w + 1: (lows + highs) + (sums + lows) w, of which each is cut at L again.
        for (size_t i = 0; i < 2 * blocks; i++) {
            highs[i] ^= lows[i];
            sums[i] ^= lows[i];
        }
        memset(highs + 2 * blocks, 0, sizeof(lanes));
        memset(sums + 2 * blocks, 0, sizeof(lanes));
        for (size_t lane = 0; lane < LANES; lane++) {
            uint64_t *low = a + 2 * words * (k + lane), *high = low + words;
            const uint64_t *u = (const uint64_t *)highs + 2 * lane, *v = (const uint64_t *)sums + 2 * lane;
            uint64_t *rest = (uint64_t *)parts;
            take(highs, lane, ring->bits, used, high);
            take(sums, lane, ring->bits, used, rest);
            for (size_t i = 0; i < used; i++) {
                const size_t at = i / 2 * 2 * LANES + i % 2;
                low[i] = u[at] ^ rest[i];
                high[i] ^= v[at] ^ rest[i];
            }
            low[used - 1] &= mask;
            high[used - 1] &= mask;
        }
    }
}
