#include "histogram.h"

/// A step at segment `n`, as in pairs.c: writes B's tag in front as the first that A's can reach, until it is.
#define QKD_STEP(n)                                           \
    {                                                         \
        int64_t b_first = (b[j##n] - a##n[i##n] - low) >> 63; \
        heads[n][i##n] = (uint32_t)j##n;                      \
        QKD_KEEP(b_first);                                    \
        j##n -= (size_t)b_first;                              \
        i##n += (size_t)(b_first + 1);                        \
    }

/// For each tag of A on the next four segments the first of B that it can reach.
static void walk(const int64_t *a, const int64_t *b, int64_t low, const qkd_path *path,
                 uint32_t heads[QKD_SEGMENTS][QKD_STEPS + 1]) {
    const int64_t *a0 = a + path->a[0], *a1 = a + path->a[1], *a2 = a + path->a[2], *a3 = a + path->a[3];
    size_t i0 = 0, i1 = 0, i2 = 0, i3 = 0;
    size_t j0 = path->b[0], j1 = path->b[1], j2 = path->b[2], j3 = path->b[3];
    QKD_WALK(a, b, path)
}

static void differences(int level, const int64_t *a, const uint32_t *heads, size_t count, const int64_t *b,
                        size_t count_b, const qkd_bins *bins, int64_t *counts) {
#if QKD_X86
    if (level == QKD_LEVEL_AVX512) return qkd_differences_avx512(a, heads, count, b, count_b, bins, counts);
    if (level == QKD_LEVEL_AVX2) return qkd_differences_avx2(a, heads, count, b, count_b, bins, counts);
#endif
    (void)level;
    for (size_t k = 0; k < count; k++) qkd_count_plain(a[k] + bins->low, b, count_b, heads[k], bins, counts);
}

void qkd_histogram(int level, const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low,
                   int64_t limit, uint64_t multiplier, int shift, size_t *head, int64_t *counts) {
    const qkd_bins bins = {low, limit, multiplier, shift};
    uint32_t heads[QKD_SEGMENTS][QKD_STEPS + 1];
    qkd_path path;
    size_t i = 0, j = *head;
    while (qkd_path_ahead(a, count_a, b, count_b, low, i, j, &path)) {
        walk(a, b, low, &path, heads);
        for (int segment = 0; segment < QKD_SEGMENTS; segment++)
            differences(level, a + path.a[segment], heads[segment], path.a[segment + 1] - path.a[segment], b, count_b,
                        &bins, counts);
        i = path.a[QKD_SEGMENTS];
        j = path.b[QKD_SEGMENTS];
    }
    for (; i < count_a; i++) {
        while (j < count_b && b[j] < a[i] + low) j++;
        qkd_count_plain(a[i] + low, b, count_b, j, &bins, counts);
    }
    *head = j;
}
