#include "align.h"

#pragma STDC FP_CONTRACT OFF
void qkd_align(int level, const qkd_clock *clock, const double *delays, const int64_t *times, const uint8_t *channels,
               size_t count, int64_t *aligned) {
    size_t done = 0;
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) done = qkd_align_avx2(clock, delays, times, channels, count, aligned);
#endif
    for (; done < count; done++) {
        const double x = (double)(times[done] - clock->reference);
        const double r = clock->c0 + x * (clock->c1 + clock->c2 * x) - delays[channels[done]];
        union {
            double number;
            int64_t bits;
        } near = {.number = r + QKD_ROUND}, zero = {.number = QKD_ROUND};
        aligned[done] = times[done] + clock->offset + (near.bits - zero.bits);
    }
}
