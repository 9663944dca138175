#include "bits.h"

#if QKD_X86

QKD_AVX2 size_t qkd_bits_compress_avx2(const uint64_t *plane, const uint64_t *mask, size_t words, uint64_t *packed) {
    size_t count = 0;
    for (size_t word = 0; word < words; word++) {
        const unsigned some = (unsigned)__builtin_popcountll(mask[word]);
        qkd_put_bits(packed, count, _pext_u64(plane[word], mask[word]), some);
        count += some;
    }
    return count;
}

QKD_AVX2 size_t qkd_bits_expand_avx2(const uint64_t *packed, const uint64_t *mask, size_t words, uint64_t *plane) {
    size_t count = 0;
    for (size_t word = 0; word < words; word++) {
        // In two shifts, for a shift by 64 is none.
        const uint64_t next = packed[count / 64] >> count % 64 | packed[count / 64 + 1] << 1 << (63 - count % 64);
        plane[word] = _pdep_u64(next, mask[word]);
        count += (size_t)__builtin_popcountll(mask[word]);
    }
    return count;
}

#else
typedef int qkd_bits_avx2_absent;
#endif
