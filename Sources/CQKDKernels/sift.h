#ifndef QKD_SIFT_H
#define QKD_SIFT_H

#include <string.h>

#include "CQKDKernels.h"
#include "levels.h"

/// The end of a key that grows: whole words go out, the rest waits.
typedef struct {
    uint64_t *next;
    uint64_t word;
} qkd_key_end;

/// Puts `count` bits, 64 at most, behind the `used` bits (below 64) that wait.
static inline void qkd_key_put(qkd_key_end *end, uint64_t bits, unsigned used, unsigned count) {
    end->word |= bits << used;
    *end->next = end->word;
    const int full = used + count >= 64;
    end->next += full;
    // In two shifts, for none of `used` waiting means that nothing is left.
    if (full) end->word = bits >> 1 >> (63 - used);
}

void qkd_sift_planes_avx2(const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                          const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b,
                          qkd_sift_state *state);
void qkd_sift_planes_avx512(const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                            const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b,
                            qkd_sift_state *state);
/// `words` times 64 detections.
void qkd_sift_bytes_avx2(const uint8_t *a, const uint8_t *b, size_t words, uint64_t *key_a, uint64_t *key_b,
                         qkd_sift_state *state);
void qkd_sift_bytes_avx512(const uint8_t *a, const uint8_t *b, size_t words, uint64_t *key_a, uint64_t *key_b,
                           qkd_sift_state *state);

#endif
