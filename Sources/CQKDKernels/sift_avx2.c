#include "sift.h"

#if QKD_X86

QKD_AVX2 static inline void sift_word(uint64_t same, uint64_t a, uint64_t b, qkd_key_end *end_a, qkd_key_end *end_b,
                                      qkd_sift_state *state) {
    const unsigned used = state->bits % 64, count = (unsigned)__builtin_popcountll(same);
    qkd_key_put(end_a, _pext_u64(a, same), used, count);
    qkd_key_put(end_b, _pext_u64(b, same), used, count);
    state->errors += (size_t)__builtin_popcountll((a ^ b) & same);
    state->bits += count;
}

QKD_AVX2 void qkd_sift_planes_avx2(const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                                   const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b,
                                   qkd_sift_state *outer) {
    qkd_sift_state state = *outer;
    qkd_key_end end_a = {key_a + state.bits / 64, key_a[state.bits / 64]};
    qkd_key_end end_b = {key_b + state.bits / 64, key_b[state.bits / 64]};
    for (size_t word = 0; word < words; word++)
        sift_word(~(basis_a[word] ^ basis_b[word]), bits_a[word], bits_b[word], &end_a, &end_b, &state);
    *end_a.next = state.bits % 64 ? end_a.word : 0;
    *end_b.next = state.bits % 64 ? end_b.word : 0;
    *outer = state;
}

/// Bit 0 of each of 32 bytes.
QKD_AVX2 static inline uint64_t low_bits(__m256i bytes) {
    return (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(bytes, 7));
}

/// Which of 32 bytes are 0 but for bit 0.
QKD_AVX2 static inline uint64_t at_most_one(__m256i bytes) {
    const __m256i one = _mm256_set1_epi8(1);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, one), one));
}

QKD_AVX2 void qkd_sift_bytes_avx2(const uint8_t *a, const uint8_t *b, size_t words, uint64_t *key_a, uint64_t *key_b,
                                  qkd_sift_state *outer) {
    qkd_sift_state state = *outer;
    qkd_key_end end_a = {key_a + state.bits / 64, key_a[state.bits / 64]};
    qkd_key_end end_b = {key_b + state.bits / 64, key_b[state.bits / 64]};
    for (size_t word = 0; word < words; word++) {
        const __m256i *left = (const __m256i *)(a + 64 * word), *right = (const __m256i *)(b + 64 * word);
        const __m256i a0 = _mm256_loadu_si256(left), a1 = _mm256_loadu_si256(left + 1);
        const __m256i b0 = _mm256_loadu_si256(right), b1 = _mm256_loadu_si256(right + 1);
        const uint64_t same =
            at_most_one(_mm256_xor_si256(a0, b0)) | at_most_one(_mm256_xor_si256(a1, b1)) << 32;
        sift_word(same, low_bits(a0) | low_bits(a1) << 32, low_bits(b0) | low_bits(b1) << 32, &end_a, &end_b, &state);
    }
    *end_a.next = state.bits % 64 ? end_a.word : 0;
    *end_b.next = state.bits % 64 ? end_b.word : 0;
    *outer = state;
}

#else
typedef int qkd_sift_avx2_absent;
#endif
