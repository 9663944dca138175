#include "bits.h"

size_t qkd_bits_compress(int level, const uint64_t *plane, const uint64_t *mask, size_t words, uint64_t *packed) {
#if QKD_X86
    if (level >= QKD_LEVEL_AVX2) return qkd_bits_compress_avx2(plane, mask, words, packed);
#endif
    (void)level;
    size_t count = 0;
    for (size_t word = 0; word < words; word++) {
        const unsigned some = (unsigned)__builtin_popcountll(mask[word]);
        qkd_put_bits(packed, count, qkd_compress_word(plane[word], mask[word]), some);
        count += some;
    }
    return count;
}

size_t qkd_bits_expand(int level, const uint64_t *packed, const uint64_t *mask, size_t words, uint64_t *plane) {
#if QKD_X86
    if (level >= QKD_LEVEL_AVX2) return qkd_bits_expand_avx2(packed, mask, words, plane);
#endif
    (void)level;
    size_t count = 0;
    for (size_t word = 0; word < words; word++) {
        uint64_t bits = 0;
        for (uint64_t rest = mask[word]; rest; rest &= rest - 1, count++)
            bits |= (rest & -rest) & -(packed[count / 64] >> count % 64 & 1);
        plane[word] = bits;
    }
    return count;
}

void qkd_bits_prefix(const uint64_t *bits, size_t words, uint64_t *prefix) {
    uint64_t before = 0;
    for (size_t word = 0; word < words; word++) {
        uint64_t sum = bits[word];
        for (int step = 1; step < 64; step *= 2) sum ^= sum << step;
        sum ^= -before;
        prefix[word] = sum << 1 | before;
        before = sum >> 63;
    }
    prefix[words] = before;
}
