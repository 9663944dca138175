#include "pairs.h"

#if QKD_X86

// Eight pairs are written at once, however many count; that many places stand behind each segment's room.
enum { ROOM = 2 * QKD_SEGMENT, SLACK = 8 };

/// A segment's way through B and its pairs.
typedef struct {
    size_t b, count;
} walk;

/// Writes eight pairs of one tag with consecutive ones of B from `from` on, and counts the first `number` of them.
QKD_AVX512 static inline void put8(walk *at, __m256i index, size_t from, int number, uint32_t *pairs_a,
                                   uint32_t *pairs_b) {
    const __m256i others = _mm256_add_epi32(_mm256_set1_epi32((int)(uint32_t)from),
                                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    _mm256_storeu_si256((__m256i *)(pairs_a + at->count), index);
    _mm256_storeu_si256((__m256i *)(pairs_b + at->count), others);
    at->count += (size_t)number;
}

/// Pairs one tag of A, whose index is in all lanes; returns 0 if there are too many. B rises, so that the partners
/// stand side by side: their number is all that is asked, and no branch waits for it.
QKD_AVX512 static inline int step(walk *at, __m256i index, int64_t time, const int64_t *b, int64_t low, int64_t high,
                                  uint32_t *pairs_a, uint32_t *pairs_b) {
    const __m512i first = _mm512_set1_epi64(time + low), last = _mm512_set1_epi64(time + high);
    unsigned below, within;
    size_t beyond;
    do {
        const __m512i next = _mm512_loadu_si512(b + at->b);
        below = _mm512_cmplt_epi64_mask(next, first);
        within = _mm512_cmple_epi64_mask(next, last);
        beyond = at->b + 8;
        at->b += (size_t)__builtin_popcount(below);
    } while (__builtin_expect(below == 255, 0));
    put8(at, index, at->b, __builtin_popcount(within & ~below), pairs_a, pairs_b);
    while (__builtin_expect(within == 255, 0)) {
        if (at->count > ROOM) return 0;
        within = _mm512_cmple_epi64_mask(_mm512_loadu_si512(b + beyond), last);
        put8(at, index, beyond, __builtin_popcount(within), pairs_a, pairs_b);
        beyond += 8;
    }
    return at->count <= ROOM;
}

QKD_AVX512 ptrdiff_t qkd_pairs_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                                      size_t first_a, size_t *head, uint32_t *pairs_a, uint32_t *pairs_b) {
    const int64_t *from = a + first_a;
    size_t heads[QKD_SEGMENTS];
    if (!qkd_segment_heads(from, b, count_b, low, high, *head, heads)) return -1;
    uint32_t found_a[QKD_SEGMENTS][ROOM + SLACK], found_b[QKD_SEGMENTS][ROOM + SLACK];
    walk w0 = {heads[0], 0}, w1 = {heads[1], 0}, w2 = {heads[2], 0}, w3 = {heads[3], 0};
    __m256i i0 = _mm256_set1_epi32((int)(uint32_t)first_a);
    const __m256i one = _mm256_set1_epi32(1), segment1 = _mm256_set1_epi32(QKD_SEGMENT);
    const __m256i segment2 = _mm256_set1_epi32(2 * QKD_SEGMENT), segment3 = _mm256_set1_epi32(3 * QKD_SEGMENT);
    for (size_t k = 0; k < QKD_SEGMENT; k++) {
        const __m256i i1 = _mm256_add_epi32(i0, segment1), i2 = _mm256_add_epi32(i0, segment2);
        const __m256i i3 = _mm256_add_epi32(i0, segment3);
        const int fits =
            step(&w0, i0, from[k], b, low, high, found_a[0], found_b[0])
            & step(&w1, i1, from[k + QKD_SEGMENT], b, low, high, found_a[1], found_b[1])
            & step(&w2, i2, from[k + 2 * QKD_SEGMENT], b, low, high, found_a[2], found_b[2])
            & step(&w3, i3, from[k + 3 * QKD_SEGMENT], b, low, high, found_a[3], found_b[3]);
        if (__builtin_expect(!fits, 0)) return -1;
        i0 = _mm256_add_epi32(i0, one);
    }
    const walk all[QKD_SEGMENTS] = {w0, w1, w2, w3};
    size_t count = 0;
    for (int segment = 0; segment < QKD_SEGMENTS; segment++) {
        memcpy(pairs_a + count, found_a[segment], 4 * all[segment].count);
        memcpy(pairs_b + count, found_b[segment], 4 * all[segment].count);
        count += all[segment].count;
    }
    *head = w3.b;
    return (ptrdiff_t)count;
}

#else
typedef int qkd_pairs_avx512_absent;
#endif
