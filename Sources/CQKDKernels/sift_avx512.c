#include "sift.h"

#if QKD_X86

/// Both keys' ends. They grow alike, so that one count says where both stand.
typedef struct {
    uint64_t *key_a, *key_b;
    uint64_t word_a, word_b; // what waits for its word to be full
    size_t bits;
} keys;

static inline keys keys_at(uint64_t *key_a, uint64_t *key_b, size_t bits) {
    return (keys){key_a, key_b, key_a[bits / 64], key_b[bits / 64], bits};
}

/// Appends the bits of `a` and `b` under `same`. By sums, for compilers turn a condition into a branch: whether a word
/// fills is a coin's toss.
QKD_AVX512 static inline void append(keys *to, uint64_t same, uint64_t a, uint64_t b) {
    const uint64_t bits_a = _pext_u64(a, same), bits_b = _pext_u64(b, same);
    const size_t used = to->bits % 64, word = to->bits / 64;
    to->word_a |= bits_a << used;
    to->word_b |= bits_b << used;
    to->key_a[word] = to->word_a;
    to->key_b[word] = to->word_b;
    to->bits += (size_t)__builtin_popcountll(same);
    // In two shifts, for none of `used` waiting means that nothing is left; nor is it of a word that does not fill.
    const uint64_t keep = to->bits / 64 - word - 1;
    to->word_a = (to->word_a & keep) | bits_a >> 1 >> (63 - used);
    to->word_b = (to->word_b & keep) | bits_b >> 1 >> (63 - used);
}

static inline void finish(const keys *all, qkd_sift_state *state, size_t errors) {
    all->key_a[all->bits / 64] = all->word_a;
    all->key_b[all->bits / 64] = all->word_b;
    *state = (qkd_sift_state){all->bits, state->errors + errors};
}

QKD_AVX512 void qkd_sift_planes_avx512(const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                                       const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b,
                                       qkd_sift_state *state) {
    keys all = keys_at(key_a, key_b, state->bits);
    __m512i errors = _mm512_setzero_si512();
    size_t word = 0;
    for (; words - word >= 8; word += 8) {
        const __m512i x = _mm512_loadu_si512(basis_a + word), y = _mm512_loadu_si512(basis_b + word);
        const __m512i a = _mm512_loadu_si512(bits_a + word), b = _mm512_loadu_si512(bits_b + word);
        const __m512i same = _mm512_ternarylogic_epi64(x, y, y, 0xC3);        // ~(x ^ y)
        const __m512i differing = _mm512_ternarylogic_epi64(a, b, same, 0x28); // (a ^ b) & same
        errors = _mm512_add_epi64(errors, _mm512_popcnt_epi64(differing));
        uint64_t mask[8];
        _mm512_storeu_si512(mask, same);
        for (size_t lane = 0; lane < 8; lane++) append(&all, mask[lane], bits_a[word + lane], bits_b[word + lane]);
    }
    size_t more = (size_t)_mm512_reduce_add_epi64(errors);
    for (; word < words; word++) {
        const uint64_t same = ~(basis_a[word] ^ basis_b[word]);
        more += (size_t)__builtin_popcountll((bits_a[word] ^ bits_b[word]) & same);
        append(&all, same, bits_a[word], bits_b[word]);
    }
    finish(&all, state, more);
}

QKD_AVX512 void qkd_sift_bytes_avx512(const uint8_t *a, const uint8_t *b, size_t words, uint64_t *key_a,
                                      uint64_t *key_b, qkd_sift_state *state) {
    keys all = keys_at(key_a, key_b, state->bits);
    const __m512i low = _mm512_set1_epi8(1), others = _mm512_set1_epi8((char)0xFE);
    size_t errors = 0;
    for (size_t word = 0; word < words; word++) {
        const __m512i left = _mm512_loadu_si512(a + 64 * word), right = _mm512_loadu_si512(b + 64 * word);
        const uint64_t same = _mm512_testn_epi8_mask(_mm512_xor_si512(left, right), others);
        const uint64_t one_a = _mm512_test_epi8_mask(left, low), one_b = _mm512_test_epi8_mask(right, low);
        errors += (size_t)__builtin_popcountll((one_a ^ one_b) & same);
        append(&all, same, one_a, one_b);
    }
    finish(&all, state, errors);
}

#else
typedef int qkd_sift_avx512_absent;
#endif
