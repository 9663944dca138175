#include "tag_order.h"

static void order_scalar(const int64_t *times, size_t count, int64_t previous, qkd_tag_order *order) {
    // Sums without a branch, which any compiler makes vectors of.
    int64_t inversions = 0, ties = 0, shortest = 0;
    for (size_t k = 0; k < count; k++) {
        const int64_t step = (int64_t)((uint64_t)times[k] - (uint64_t)previous);
        previous = times[k];
        inversions += step < 0;
        ties += step == 0;
        shortest = step < shortest ? step : shortest;
    }
    order->inversions += inversions;
    order->ties += ties;
    if (-shortest > order->largest_inversion) order->largest_inversion = -shortest;
}

void qkd_tag_order_of(int level, const int64_t *times, size_t count, int64_t previous, qkd_tag_order *order) {
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR && count > 0) {
        order_scalar(times, 1, previous, order);
        const size_t done = level == QKD_LEVEL_AVX512 ? qkd_tag_order_avx512(times, count, order)
                                                      : qkd_tag_order_avx2(times, count, order);
        order_scalar(times + done, count - done, times[done - 1], order);
        return;
    }
#endif
    order_scalar(times, count, previous, order);
}
