#define GF2_TARGET
#include "gf2_split.h"

void qkd_gf2_split_scalar(const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                          int inverse, uint64_t *scratch) {
    split_columns(ring, elements, count, first, end, inverse, scratch);
}
