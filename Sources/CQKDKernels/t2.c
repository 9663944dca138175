#include "t2.h"

static inline uint32_t load(const uint8_t *bytes, size_t index) {
    uint32_t record;
    memcpy(&record, bytes + 4 * index, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    record = __builtin_bswap32(record);
#endif
    return record;
}

int qkd_t2_scalar(qkd_t2_state *state, const void *records, size_t end, int64_t *times, uint8_t *channels,
                  qkd_t2_cursor *cursor) {
    const uint8_t *bytes = records;
    const int64_t tick = state->tick_ps;
    int64_t base = state->base;
    size_t tag = cursor->tag;
    for (size_t index = cursor->record; index < end; index++) {
        // Eight without a special bit among them, in a loop that any compiler makes vectors of.
        while (end - index >= 8) {
            uint32_t any = 0, eight[8];
            for (int lane = 0; lane < 8; lane++) any |= eight[lane] = load(bytes, index + (size_t)lane);
            if (any >> 31) break;
            for (int lane = 0; lane < 8; lane++) {
                times[tag + (size_t)lane] = (base + (int64_t)(eight[lane] & QKD_T2_TIME)) * tick;
                channels[tag + (size_t)lane] = (uint8_t)(eight[lane] >> 25);
            }
            index += 8;
            tag += 8;
        }
        if (index == end) break;
        const uint32_t record = load(bytes, index);
        if (__builtin_expect(record >> 31, 0)) {
            uint32_t kind = record >> 25 & 63;
            if (kind == 63) {
                if (!qkd_t2_add(state, record)) {
                    *cursor = (qkd_t2_cursor){index, tag};
                    return 0;
                }
                base = state->base;
            } else if (kind == 0) {
                state->syncs++;
            } else if (kind <= 15) {
                state->markers++;
            } else {
                state->illegal++;
            }
            continue;
        }
        times[tag] = (base + (int64_t)(record & QKD_T2_TIME)) * tick;
        channels[tag] = (uint8_t)(record >> 25);
        tag++;
    }
    *cursor = (qkd_t2_cursor){end, tag};
    return 1;
}

size_t qkd_t2_decode(int level, qkd_t2_state *state, const void *records, size_t count, int64_t *times,
                     uint8_t *channels, size_t *tags) {
    qkd_t2_cursor cursor = {0, 0};
#if QKD_X86
    while (level != QKD_LEVEL_SCALAR) {
        if (level == QKD_LEVEL_AVX512)
            qkd_t2_avx512(state, records, count, times, channels, &cursor);
        else
            qkd_t2_avx2(state, records, count, times, channels, &cursor);
        if (count - cursor.record < 32) break;
        // What the vectors leave to the scalar loop is rare: syncs, markers, the end of the range.
        if (!qkd_t2_scalar(state, records, cursor.record + 8, times, channels, &cursor)) {
            *tags = cursor.tag;
            return cursor.record;
        }
    }
#endif
    (void)level;
    qkd_t2_scalar(state, records, count, times, channels, &cursor);
    *tags = cursor.tag;
    return cursor.record;
}
