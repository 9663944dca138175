#ifndef QKD_LDPC_H
#define QKD_LDPC_H

#include "CQKDKernels.h"
#include "levels.h"

// Checks that are worked on at once, and what stands behind each column of totals to make wrapping cheap.
enum { QKD_LDPC_RUN = 64 };

/// Where the totals of a circulant's first check stand.
static inline size_t qkd_ldpc_start(const qkd_ldpc_code *code, size_t edge) {
    return code->edge_columns[edge] * ((size_t)code->lifting + QKD_LDPC_RUN) + code->edge_shifts[edge];
}

/// Where the totals of a circulant's column end, without what is behind them.
static inline size_t qkd_ldpc_end(const qkd_ldpc_code *code, size_t edge) {
    return code->edge_columns[edge] * ((size_t)code->lifting + QKD_LDPC_RUN) + code->lifting;
}

size_t qkd_ldpc_sweep_avx2(const qkd_ldpc_code *code, const uint64_t *syndrome, const uint8_t *table, int8_t *totals,
                           int8_t *messages);

void qkd_ldpc_signs_avx2(const qkd_ldpc_code *code, const int8_t *totals, uint64_t *bits);

#endif
