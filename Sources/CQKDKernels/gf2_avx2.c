#include "levels.h"

#if QKD_X86

#define GF2_TARGET QKD_AVX2
#include "gf2_split.h"

QKD_AVX2 void qkd_gf2_split_avx2(const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                                 int inverse, uint64_t *scratch) {
    split_columns(ring, elements, count, first, end, inverse, scratch);
}

#else
typedef int qkd_gf2_avx2_absent;
#endif
