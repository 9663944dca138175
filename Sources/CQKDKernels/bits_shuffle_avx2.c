#include "bits_shuffle.h"

#if QKD_X86

// The same loops: four rows at a time.
QKD_AVX2 void qkd_bits_shuffle_avx2(const uint16_t *first, const uint16_t *second, const uint16_t *third, size_t words,
                                    const uint64_t *bits, uint64_t *scratch, uint64_t *shuffled) {
    qkd_shuffle(first, second, third, words, bits, scratch, shuffled);
}

#else
typedef int qkd_bits_shuffle_avx2_absent;
#endif
