#ifndef QKD_T2_H
#define QKD_T2_H

#include <string.h>

#include "CQKDKernels.h"
#include "levels.h"

// [31] special, [30:25] channel, [24:0] time. Source: PicoQuant Time-Tagged-File-Format-Demos, PTU/C/ptudemo.cc.
#define QKD_T2_TIME 0x1FFFFFFu

/// The cursor of a decoder: records taken, tags written.
typedef struct {
    size_t record, tag;
} qkd_t2_cursor;

/// Decodes from the cursor up to record `end`; returns whether it got there.
int qkd_t2_scalar(qkd_t2_state *state, const void *records, size_t end, int64_t *times, uint8_t *channels,
                  qkd_t2_cursor *cursor);
/// The vector levels stop in front of what needs the scalar loop; they never write beyond record `end`.
void qkd_t2_avx2(qkd_t2_state *state, const void *records, size_t end, int64_t *times, uint8_t *channels,
                 qkd_t2_cursor *cursor);
void qkd_t2_avx512(qkd_t2_state *state, const void *records, size_t end, int64_t *times, uint8_t *channels,
                   qkd_t2_cursor *cursor);

/// Whether one more overflow record of the largest kind keeps the base within its range.
static inline int qkd_t2_add(qkd_t2_state *state, uint32_t record) {
    int64_t number = state->counts_overflows ? (int64_t)(record & QKD_T2_TIME) : 1;
    if (number < 1) number = 1;
    int64_t ticks, sum;
    if (__builtin_mul_overflow(number, state->overflow_ticks, &ticks)) return 0;
    if (__builtin_add_overflow(state->base, ticks, &sum) || sum > state->maximum_base) return 0;
    state->base = sum;
    state->overflow_records += 1;
    state->wraps += number;
    return 1;
}

#endif
