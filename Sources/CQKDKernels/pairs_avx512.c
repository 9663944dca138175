#include "pairs.h"

#if QKD_X86
ptrdiff_t qkd_pairs_avx512(const int64_t *a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                           size_t first_a, size_t *head, uint32_t *pairs_a, uint32_t *pairs_b) {
    return qkd_pairs_avx2(a, b, count_b, low, high, first_a, head, pairs_a, pairs_b);
}
#else
typedef int qkd_pairs_avx512_absent;
#endif
