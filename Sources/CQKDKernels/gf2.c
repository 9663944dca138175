#include "gf2.h"

#include <stdatomic.h>
#include <string.h>

/// What the machine multiplies with, asked for once: 0 is not asked yet. Any thread finds the same.
static int clmul(int level) {
#if QKD_X86
    static _Atomic int known = 0;
    if (level == QKD_LEVEL_SCALAR) return QKD_CLMUL_NONE;
    int found = atomic_load_explicit(&known, memory_order_relaxed) - 1;
    if (found < 0) {
        __builtin_cpu_init();
        found = QKD_CLMUL_NONE;
        if (__builtin_cpu_supports("pclmul"))
            found = __builtin_cpu_supports("vpclmulqdq") ? QKD_CLMUL_256 : QKD_CLMUL_128;
        atomic_store_explicit(&known, found + 1, memory_order_relaxed);
    }
    return found;
#else
    (void)level;
    return QKD_CLMUL_NONE;
#endif
}

size_t qkd_gf2_scratch_words(size_t words) {
    // In blocks of two words, two lanes each: 4 of operands, 6 of products, 4 for Karatsuba's halving, which wants up to
    // four more at each of its steps; half as many blocks as words. The other functions want less.
    return 28 * (words + 1) + 1024;
}

void qkd_gf2_wipe(uint64_t *words, size_t count) {
    memset(words, 0, count * sizeof(uint64_t));
    // Somebody may read it: the compiler must not leave the zeros out.
    __asm__ __volatile__("" : : "r"(words) : "memory");
}

void qkd_gf2_product(int level, const uint64_t *a, const uint64_t *b, size_t words, uint64_t *product,
                     uint64_t *scratch) {
#if QKD_X86
    if (clmul(level) != QKD_CLMUL_NONE) {
        qkd_gf2_product_clmul(a, b, words, product, scratch);
        return;
    }
#endif
    (void)level;
    qkd_gf2_product_scalar(a, b, words, product, scratch);
}

void qkd_gf2_multiply(int level, const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                      uint64_t *scratch) {
    switch (clmul(level)) {
#if QKD_X86
    case QKD_CLMUL_256: {
        const size_t done = count / 2 * 2, words = 2 * ring->words * done;
        qkd_gf2_multiply_vclmul(ring, a, b, done, scratch);
        qkd_gf2_multiply_clmul(ring, a + words, b + words, count - done, scratch);
        return;
    }
    case QKD_CLMUL_128: qkd_gf2_multiply_clmul(ring, a, b, count, scratch); return;
#endif
    default: qkd_gf2_multiply_scalar(ring, a, b, count, scratch);
    }
}

void qkd_gf2_split(int level, const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                   int inverse, uint64_t *scratch) {
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) {
        qkd_gf2_split_avx2(ring, elements, count, first, end, inverse, scratch);
        return;
    }
#endif
    (void)level;
    qkd_gf2_split_scalar(ring, elements, count, first, end, inverse, scratch);
}

// Thirds one after the other, not level by level: what fits the cache is finished there.
void qkd_gf2_transform(int level, const qkd_gf2_ring *ring, uint64_t *elements, size_t count, int inverse,
                       uint64_t *scratch) {
    if (count < 3) return;
    if (!inverse) qkd_gf2_split(level, ring, elements, count, 0, count / 3, 0, scratch);
    for (size_t i = 0; i < 3; i++)
        qkd_gf2_transform(level, ring, elements + i * (count / 3) * 2 * ring->words, count / 3, inverse, scratch);
    if (inverse) qkd_gf2_split(level, ring, elements, count, 0, count / 3, 1, scratch);
}
