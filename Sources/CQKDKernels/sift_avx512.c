#include "sift.h"

#if QKD_X86
void qkd_sift_planes_avx512(const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                            const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b,
                            qkd_sift_state *state) {
    qkd_sift_planes_avx2(basis_a, bits_a, basis_b, bits_b, words, key_a, key_b, state);
}
void qkd_sift_bytes_avx512(const uint8_t *a, const uint8_t *b, size_t words, uint64_t *key_a, uint64_t *key_b,
                           qkd_sift_state *state) {
    qkd_sift_bytes_avx2(a, b, words, key_a, key_b, state);
}
#else
typedef int qkd_sift_avx512_absent;
#endif
