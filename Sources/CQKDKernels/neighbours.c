#include "neighbours.h"

/// The pairs of one tag; returns 0 if the room ended before they did.
static inline int pairs_of(size_t i, size_t j, const int64_t *times, const uint8_t *channels, size_t count,
                           int64_t window, uint8_t sides, qkd_neighbour_cursor *cursor, uint32_t *first,
                           uint32_t *second, size_t capacity, size_t *found) {
    for (; j < count && times[j] - times[i] <= window; j++) {
        if (!((channels[i] ^ channels[j]) & sides)) continue;
        if (*found == capacity) {
            *cursor = (qkd_neighbour_cursor){i, j};
            return 0;
        }
        first[*found] = (uint32_t)i;
        second[*found] = (uint32_t)j;
        *found += 1;
    }
    return 1;
}

size_t qkd_neighbours(int level, const int64_t *times, const uint8_t *channels, size_t count, int64_t window,
                      uint8_t sides, qkd_neighbour_cursor *cursor, uint32_t *first, uint32_t *second,
                      size_t capacity) {
    size_t found = 0, i = cursor->tag;
    (void)level;
    if (cursor->next != 0) {
        const size_t j = cursor->next;
        if (!pairs_of(i, j, times, channels, count, window, sides, cursor, first, second, capacity, &found))
            return found;
        i++;
    }
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) {
        uint32_t places[QKD_NEIGHBOUR_BLOCK + 8];
        for (; count - i > QKD_NEIGHBOUR_BLOCK + 1 && i < count; i += QKD_NEIGHBOUR_BLOCK) {
            const size_t near = qkd_near_avx2(times, i, window, places);
            size_t k = 0;
            // While there is room: the first partner is written whether it is of the other side or not, and counted
            // if it is; no branch can foretell that.
            for (; k < near && found < capacity; k++) {
                const size_t tag = places[k];
                if (__builtin_expect(times[tag + 2] - times[tag] <= window, 0)) {
                    if (!pairs_of(tag, tag + 1, times, channels, count, window, sides, cursor, first, second,
                                  capacity, &found))
                        return found;
                    continue;
                }
                first[found] = (uint32_t)tag;
                second[found] = (uint32_t)tag + 1;
                found += ((channels[tag] ^ channels[tag + 1]) & sides) != 0;
            }
            if (k < near) {
                *cursor = (qkd_neighbour_cursor){places[k], 0};
                return found;
            }
        }
    }
#endif
    for (; i < count; i++)
        if (!pairs_of(i, i + 1, times, channels, count, window, sides, cursor, first, second, capacity, &found))
            return found;
    *cursor = (qkd_neighbour_cursor){count, 0};
    return found;
}
