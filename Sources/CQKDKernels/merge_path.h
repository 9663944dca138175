#ifndef QKD_MERGE_PATH_H
#define QKD_MERGE_PATH_H

#include "CQKDKernels.h"

// The way through A (shifted by `low`) and B in the order of time, cut into segments of equal length that can be
// walked at once: where the way crosses the k-th diagonal, i + j = k, is found without walking there.
// Source: S. Odeh, O. Green et al., "Merge Path", IPDPSW 2012.
enum { QKD_SEGMENTS = 4, QKD_STEPS = 2048, QKD_STRIDE = 16 };

/// Keeps the compiler from knowing what a number is.
#define QKD_KEEP(number) __asm__("" : "+r"(number))

/// Where four segments begin and the last of them ends, and how long each is.
typedef struct {
    size_t a[QKD_SEGMENTS + 1], b[QKD_SEGMENTS + 1], steps;
} qkd_path;

/// How many of B's tags are among the first `diagonal` of the merged way; it lies within `steps` from `from`.
static inline size_t qkd_cross(const int64_t *a, const int64_t *b, int64_t low, size_t diagonal, size_t from,
                               size_t steps) {
    // steps is a multiple of the stride, not of two only: halves round up, so that none is left out.
    while (steps > 0) {
        const size_t half = (steps + 1) / 2;
        from += b[from + half - 1] < a[diagonal - from - half] + low ? half : 0;
        steps -= half;
    }
    return from;
}

/// The next four segments from a place on; 0 if either list is near its end.
///
/// No segment can leave its list, whatever the times are: each has its whole length left in both.
static inline int qkd_path_ahead(const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low,
                                 size_t i, size_t j, qkd_path *path) {
    if (i > count_a || j > count_b) return 0;
    const size_t left = count_a - i < count_b - j ? count_a - i : count_b - j;
    size_t steps = left / QKD_SEGMENTS;
    if (steps > QKD_STEPS) steps = QKD_STEPS;
    steps -= steps % QKD_STRIDE;
    if (steps == 0) return 0;
    path->steps = steps;
    path->a[0] = i;
    path->b[0] = j;
    for (int segment = 0; segment < QKD_SEGMENTS; segment++) {
        const size_t diagonal = path->a[segment] + path->b[segment] + steps;
        path->b[segment + 1] = qkd_cross(a, b, low, diagonal, path->b[segment], steps);
        path->a[segment + 1] = diagonal - path->b[segment + 1];
    }
    return 1;
}

/// Asks for the tags that the four segments behind these will read, a part at every stride.
static inline void qkd_fetch_ahead(const int64_t *a, const int64_t *b, const qkd_path *path, size_t step) {
    const char *next_a = (const char *)(a + path->a[QKD_SEGMENTS]) + step * 16;
    const char *next_b = (const char *)(b + path->b[QKD_SEGMENTS]) + step * 16;
    for (int line = 0; line < QKD_STRIDE / 4; line++) {
        __builtin_prefetch(next_a + 64 * line);
        __builtin_prefetch(next_b + 64 * line);
    }
}

/// Walks the four segments side by side: QKD_STEP(n), which a file defines, takes segment n a step further.
#define QKD_WALK(a, b, path)                                         \
    for (size_t k = 0; k < (path)->steps; k += QKD_STRIDE) {         \
        qkd_fetch_ahead(a, b, path, k);                              \
        _Pragma("clang loop unroll(disable)")                        \
        for (int step = 0; step < QKD_STRIDE; step++) {              \
            QKD_STEP(0) QKD_STEP(1) QKD_STEP(2) QKD_STEP(3)          \
        }                                                            \
    }

#endif
