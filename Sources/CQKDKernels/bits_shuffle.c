#include "bits_shuffle.h"

void qkd_bits_shuffle(int level, const uint16_t *first, const uint16_t *second, const uint16_t *third, size_t words,
                      const uint64_t *bits, uint64_t *scratch, uint64_t *shuffled) {
#if QKD_X86
    if (level >= QKD_LEVEL_AVX2) {
        qkd_bits_shuffle_avx2(first, second, third, words, bits, scratch, shuffled);
        return;
    }
#endif
    (void)level;
    qkd_shuffle(first, second, third, words, bits, scratch, shuffled);
}
