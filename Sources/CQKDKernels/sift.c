#include "sift.h"

#include "bits.h"

static void sift_word(uint64_t same, uint64_t a, uint64_t b, uint64_t *key_a, uint64_t *key_b, qkd_sift_state *state) {
    const unsigned count = (unsigned)__builtin_popcountll(same);
    state->errors += (size_t)__builtin_popcountll((a ^ b) & same);
    qkd_put_bits(key_a, state->bits, qkd_compress_word(a, same), count);
    qkd_put_bits(key_b, state->bits, qkd_compress_word(b, same), count);
    state->bits += count;
}

void qkd_sift_planes(int level, const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                     const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b, qkd_sift_state *state) {
#if QKD_X86
    if (level == QKD_LEVEL_AVX512) {
        qkd_sift_planes_avx512(basis_a, bits_a, basis_b, bits_b, words, key_a, key_b, state);
        return;
    }
    if (level == QKD_LEVEL_AVX2) {
        qkd_sift_planes_avx2(basis_a, bits_a, basis_b, bits_b, words, key_a, key_b, state);
        return;
    }
#endif
    (void)level;
    for (size_t word = 0; word < words; word++)
        sift_word(~(basis_a[word] ^ basis_b[word]), bits_a[word], bits_b[word], key_a, key_b, state);
}

void qkd_sift_bytes(int level, const uint8_t *a, const uint8_t *b, size_t count, uint64_t *key_a, uint64_t *key_b,
                    qkd_sift_state *state) {
    size_t done = 0;
    (void)level;
#if QKD_X86
    if (level == QKD_LEVEL_AVX512) {
        qkd_sift_bytes_avx512(a, b, count / 64, key_a, key_b, state);
        done = count / 64 * 64;
    } else if (level == QKD_LEVEL_AVX2) {
        qkd_sift_bytes_avx2(a, b, count / 64, key_a, key_b, state);
        done = count / 64 * 64;
    }
#endif
    while (done < count) {
        uint64_t same = 0, bits_a = 0, bits_b = 0;
        const size_t some = count - done < 64 ? count - done : 64;
        for (size_t k = 0; k < some; k++) {
            const uint8_t left = a[done + k], right = b[done + k];
            same |= (uint64_t)((left ^ right) <= 1) << k;
            bits_a |= (uint64_t)(left & 1) << k;
            bits_b |= (uint64_t)(right & 1) << k;
        }
        sift_word(same, bits_a, bits_b, key_a, key_b, state);
        done += some;
    }
}
