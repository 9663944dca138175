#include "t2.h"

#if QKD_X86
void qkd_t2_avx512(qkd_t2_state *state, const void *records, size_t end, int64_t *times, uint8_t *channels,
                   qkd_t2_cursor *cursor) {
    qkd_t2_avx2(state, records, end, times, channels, cursor);
}
#else
typedef int qkd_t2_avx512_absent;
#endif
