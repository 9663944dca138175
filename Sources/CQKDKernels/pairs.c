#include "pairs.h"

/// One tag of A after the other up to `end`; returns how many pairs, and stops early only where the room ends.
static size_t scalar(const int64_t *a, size_t end, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                     qkd_pair_cursor *cursor, uint32_t *pairs_a, uint32_t *pairs_b, size_t capacity) {
    size_t head = cursor->b, found = 0;
    for (size_t i = cursor->a; i < end; i++) {
        const int64_t first = a[i] + low, last = a[i] + high;
        while (head < count_b && b[head] < first) head++;
        size_t j = cursor->next > head ? cursor->next : head;
        cursor->next = 0;
        for (; j < count_b && b[j] <= last; j++) {
            if (found == capacity) {
                *cursor = (qkd_pair_cursor){i, head, j};
                return found;
            }
            pairs_a[found] = (uint32_t)i;
            pairs_b[found++] = (uint32_t)j;
        }
    }
    *cursor = (qkd_pair_cursor){end > cursor->a ? end : cursor->a, head, 0};
    return found;
}

size_t qkd_pairs(int level, const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low,
                 int64_t high, qkd_pair_cursor *cursor, uint32_t *pairs_a, uint32_t *pairs_b, size_t capacity) {
    size_t found = 0;
    (void)level;
#if QKD_X86
    const size_t block = QKD_SEGMENTS * QKD_SEGMENT;
    while (level != QKD_LEVEL_SCALAR && count_a - cursor->a >= block) {
        if (capacity - found < 2 * block) return found;
        ptrdiff_t more = -1;
        if (cursor->next == 0) {
            more = level == QKD_LEVEL_AVX512
                       ? qkd_pairs_avx512(a, b, count_b, low, high, cursor->a, &cursor->b, pairs_a + found,
                                          pairs_b + found)
                       : qkd_pairs_avx2(a, b, count_b, low, high, cursor->a, &cursor->b, pairs_a + found,
                                        pairs_b + found);
        }
        if (more >= 0) {
            found += (size_t)more;
            cursor->a += block;
            continue;
        }
        const size_t end = cursor->a + block;
        found += scalar(a, end, b, count_b, low, high, cursor, pairs_a + found, pairs_b + found, capacity - found);
        if (cursor->a < end) return found;
    }
#endif
    return found
           + scalar(a, count_a, b, count_b, low, high, cursor, pairs_a + found, pairs_b + found, capacity - found);
}
