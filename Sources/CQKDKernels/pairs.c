#include "merge_path.h"

// Every step of the walk takes the next tag of A or of B, whichever comes first, and no branch depends on which: what
// would be guessed wrong half of the time is a sum instead. A step waits for the one before it, some ten cycles; four
// segments of the merged way are walked side by side, so that four such waits overlap.

/// A step at segment `n`: writes the pair of the tags in front always, and counts it if it is one. The sum of the
/// differences' signs is kept from becoming a branch again.
#define QKD_STEP(n)                                                          \
    {                                                                        \
        const int64_t distance = b[j##n] - a[i##n] - low;                    \
        found[n][count##n].a = (uint32_t)i##n;                               \
        found[n][count##n].b = (uint32_t)j##n;                               \
        count##n += (uint64_t)distance <= width;                             \
        int64_t b_first = distance >> 63;                                    \
        QKD_KEEP(b_first);                                                   \
        j##n -= (size_t)b_first;                                             \
        i##n += (size_t)(b_first + 1);                                       \
    }

typedef struct {
    uint32_t a, b;
} place;

/// The first partner of each tag of A that has one, on the next four segments.
static void walk(const int64_t *a, const int64_t *b, int64_t low, uint64_t width, const qkd_path *path,
                 place found[QKD_SEGMENTS][QKD_STEPS + 1], size_t *counts) {
    size_t i0 = path->a[0], i1 = path->a[1], i2 = path->a[2], i3 = path->a[3];
    size_t j0 = path->b[0], j1 = path->b[1], j2 = path->b[2], j3 = path->b[3];
    size_t count0 = 0, count1 = 0, count2 = 0, count3 = 0;
    QKD_WALK(a, b, path)
    counts[0] = count0;
    counts[1] = count1;
    counts[2] = count2;
    counts[3] = count3;
}

typedef struct {
    uint32_t *a, *b;
    size_t count, capacity;
} pairs;

/// Writes the partners from B's `j` on of A's tag `i`; returns 0 if the room ends before the last of them.
static int put_all(pairs *to, size_t i, size_t j, int64_t last, size_t head, const int64_t *b, size_t count_b,
                   qkd_pair_cursor *cursor) {
    for (; j < count_b && b[j] <= last; j++) {
        if (to->count == to->capacity) {
            *cursor = (qkd_pair_cursor){i, head, j};
            return 0;
        }
        to->a[to->count] = (uint32_t)i;
        to->b[to->count++] = (uint32_t)j;
    }
    return 1;
}

/// All partners of a segment's tags, whose first ones were found; returns 0 if the room ends before the last of them.
static inline int put_segment(pairs *to, const place *found, size_t count, const int64_t *a, const int64_t *b,
                              size_t count_b, int64_t high, qkd_pair_cursor *cursor) {
    for (size_t k = 0; k < count; k++) {
        const size_t i = found[k].a, j = found[k].b;
        const int64_t last = a[i] + high;
        const int is_only = j + 1 == count_b || b[j + 1] > last;
        if (__builtin_expect(!is_only || to->count == to->capacity, 0)) {
            if (!put_all(to, i, j, last, j, b, count_b, cursor)) return 0;
            continue;
        }
        to->a[to->count] = (uint32_t)i;
        to->b[to->count++] = (uint32_t)j;
    }
    return 1;
}

/// One tag of A after the other up to `end`; returns 0 if the room ends before.
static int plain(const int64_t *a, size_t end, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                 qkd_pair_cursor *cursor, pairs *to) {
    size_t head = cursor->b;
    for (size_t i = cursor->a; i < end; i++) {
        while (head < count_b && b[head] < a[i] + low) head++;
        const size_t from = cursor->next > head ? cursor->next : head;
        cursor->next = 0;
        if (!put_all(to, i, from, a[i] + high, head, b, count_b, cursor)) return 0;
    }
    *cursor = (qkd_pair_cursor){end, head, 0};
    return 1;
}

size_t qkd_pairs(const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                 qkd_pair_cursor *cursor, uint32_t *pairs_a, uint32_t *pairs_b, size_t capacity) {
    pairs to = {pairs_a, pairs_b, 0, capacity};
    place found[QKD_SEGMENTS][QKD_STEPS + 1];
    size_t counts[QKD_SEGMENTS];
    qkd_path path;
    // A tag in whose midst the room of an earlier call ended.
    if (cursor->next != 0 && !plain(a, cursor->a + 1, b, count_b, low, high, cursor, &to)) return to.count;
    while (qkd_path_ahead(a, count_a, b, count_b, low, cursor->a, cursor->b, &path)) {
        walk(a, b, low, (uint64_t)(high - low), &path, found, counts);
        for (int segment = 0; segment < QKD_SEGMENTS; segment++)
            if (!put_segment(&to, found[segment], counts[segment], a, b, count_b, high, cursor)) return to.count;
        *cursor = (qkd_pair_cursor){path.a[QKD_SEGMENTS], path.b[QKD_SEGMENTS], 0};
    }
    plain(a, count_a, b, count_b, low, high, cursor, &to);
    return to.count;
}
