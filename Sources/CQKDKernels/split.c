#include "split.h"

size_t qkd_split(int level, const int64_t *times, const uint8_t *channels, size_t count, uint8_t sides,
                 int64_t *const side_times[2], uint8_t *const side_channels[2]) {
    size_t done = 0, found[2] = {0, 0};
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR)
        done = qkd_split_avx2(times, channels, count, sides, side_times, side_channels, found);
#endif
    for (; done < count; done++) {
        const int side = (channels[done] & sides) != 0;
        side_times[side][found[side]] = times[done];
        side_channels[side][found[side]++] = channels[done];
    }
    return found[0];
}
