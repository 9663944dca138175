#include "count_channels.h"

#include <string.h>

void qkd_count_channels(int level, const uint8_t *channels, size_t count, int64_t *counts) {
    size_t done = 0;
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) done = qkd_count_few_avx2(channels, count, counts);
#endif
    if (count - done < 64) {
        for (; done < count; done++) counts[channels[done]]++;
        return;
    }
    // Four tables: a count need not wait for the same channel's count just before.
    while (done < count) {
        uint32_t tables[4][256];
        memset(tables, 0, sizeof tables);
        const size_t end = count - done > 1 << 20 ? done + (1 << 20) : count;
        for (; end - done >= 4; done += 4)
            for (size_t lane = 0; lane < 4; lane++) tables[lane][channels[done + lane]]++;
        for (; done < end; done++) tables[0][channels[done]]++;
        for (int channel = 0; channel < 256; channel++)
            counts[channel] += (int64_t)tables[0][channel] + tables[1][channel] + tables[2][channel]
                               + tables[3][channel];
    }
}
