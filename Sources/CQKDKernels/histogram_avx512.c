#include "pairs.h"

#if QKD_X86
int qkd_histogram_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t limit,
                         uint64_t multiplier, int shift, size_t *head, int64_t *counts) {
    return qkd_histogram_avx2(a, b, count_b, low, limit, multiplier, shift, head, counts);
}
#else
typedef int qkd_histogram_avx512_absent;
#endif
