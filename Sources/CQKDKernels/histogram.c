#include "pairs.h"

void qkd_histogram(int level, const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low,
                   int64_t limit, uint64_t multiplier, int shift, size_t *head, int64_t *counts) {
    size_t i = 0;
    (void)level;
#if QKD_X86
    const size_t block = QKD_SEGMENTS * QKD_SEGMENT;
    while (level != QKD_LEVEL_SCALAR && count_a - i >= block) {
        const int done = level == QKD_LEVEL_AVX512
                             ? qkd_histogram_avx512(a + i, b, count_b, low, limit, multiplier, shift, head, counts)
                             : qkd_histogram_avx2(a + i, b, count_b, low, limit, multiplier, shift, head, counts);
        if (!done) break;
        i += block;
    }
#endif
    size_t first = *head;
    for (; i < count_a; i++) {
        const int64_t start = a[i] + low;
        while (first < count_b && b[first] < start) first++;
        for (size_t j = first; j < count_b && b[j] - start < limit; j++)
            counts[(uint64_t)(b[j] - start) * multiplier >> shift]++;
    }
    *head = first;
}
