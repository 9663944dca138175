#include "ldpc.h"

#include <string.h>

void qkd_ldpc_syndrome(const qkd_ldpc_code *code, const uint64_t *bits, uint64_t *syndrome) {
    const size_t words = code->lifting / 64;
    for (size_t row = 0; row < code->rows; row++) {
        uint64_t *sums = syndrome + row * words;
        memset(sums, 0, words * sizeof *sums);
        for (size_t edge = code->row_starts[row]; edge < code->row_starts[row + 1]; edge++) {
            const uint64_t *column = bits + code->edge_columns[edge] * words;
            size_t from = code->edge_shifts[edge] / 64;
            const unsigned low = code->edge_shifts[edge] % 64;
            uint64_t word = column[from];
            for (size_t at = 0; at < words; at++) {
                from = from + 1 == words ? 0 : from + 1;
                const uint64_t next = column[from];
                // In two steps, because a shift by 64 is not defined.
                sums[at] ^= word >> low | next << 1 << (63 - low);
                word = next;
            }
        }
    }
}

static int8_t saturated(int value) { return (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value); }

static uint8_t magnitude(int8_t value) { return (uint8_t)(value < 0 ? -value : value); }

/// One run of checks of a row; `starts` says where each circulant's totals are now. Returns how many were not met.
static size_t run(size_t weight, uint64_t wanted, const uint8_t *table, int8_t *const *starts, int8_t *messages) {
    uint8_t least[QKD_LDPC_RUN], second[QKD_LDPC_RUN], sign[QKD_LDPC_RUN], parity[QKD_LDPC_RUN];
    memset(least, 255, sizeof least);
    memset(second, 255, sizeof second);
    for (int lane = 0; lane < QKD_LDPC_RUN; lane++) sign[lane] = parity[lane] = (uint8_t)((wanted >> lane & 1) << 7);
    for (size_t edge = 0; edge < weight; edge++) {
        int8_t *totals = starts[edge], *old = messages + edge * QKD_LDPC_RUN;
        for (int lane = 0; lane < QKD_LDPC_RUN; lane++) {
            parity[lane] ^= (uint8_t)totals[lane];
            const int8_t rest = saturated(totals[lane] - old[lane]);
            totals[lane] = rest;
            sign[lane] ^= (uint8_t)rest;
            const uint8_t size = magnitude(rest), larger = size > least[lane] ? size : least[lane];
            second[lane] = second[lane] < larger ? second[lane] : larger;
            least[lane] = least[lane] < size ? least[lane] : size;
        }
    }
    uint8_t of_least[QKD_LDPC_RUN], of_second[QKD_LDPC_RUN];
    size_t unmet = 0;
    for (int lane = 0; lane < QKD_LDPC_RUN; lane++) {
        unmet += parity[lane] >> 7;
        of_least[lane] = table[least[lane] < 31 ? least[lane] : 31];
        of_second[lane] = table[second[lane] < 31 ? second[lane] : 31];
    }
    for (size_t edge = 0; edge < weight; edge++) {
        int8_t *totals = starts[edge], *made = messages + edge * QKD_LDPC_RUN;
        for (int lane = 0; lane < QKD_LDPC_RUN; lane++) {
            const int8_t rest = totals[lane];
            const uint8_t size = magnitude(rest) == least[lane] ? of_second[lane] : of_least[lane];
            const int is_negative = (sign[lane] ^ (uint8_t)rest) >> 7;
            made[lane] = (int8_t)(is_negative ? -size : size);
            totals[lane] = saturated(rest + made[lane]);
        }
    }
    return unmet;
}

static size_t sweep_scalar(const qkd_ldpc_code *code, const uint64_t *syndrome, const uint8_t *table, int8_t *totals,
                           int8_t *messages) {
    size_t unmet = 0;
    for (size_t row = 0; row < code->rows; row++) {
        const size_t first = code->row_starts[row], weight = code->row_starts[row + 1] - first;
        int8_t *starts[QKD_LDPC_WEIGHT];
        for (size_t edge = 0; edge < weight; edge++) starts[edge] = totals + qkd_ldpc_start(code, first + edge);
        for (size_t check = 0; check < code->lifting; check += QKD_LDPC_RUN) {
            unmet += run(weight, *syndrome++, table, starts, messages);
            messages += weight * QKD_LDPC_RUN;
            for (size_t edge = 0; edge < weight; edge++) {
                starts[edge] += QKD_LDPC_RUN;
                if (starts[edge] >= totals + qkd_ldpc_end(code, first + edge)) starts[edge] -= code->lifting;
            }
        }
        for (size_t edge = first; edge < first + weight; edge++) {
            // The run over the column's end wrote its last totals behind the column; both copies get what is new.
            int8_t *front = totals + qkd_ldpc_end(code, edge) - code->lifting, *behind = front + code->lifting;
            const size_t over = code->edge_shifts[edge] % QKD_LDPC_RUN;
            memcpy(front, behind, over);
            memcpy(behind + over, front + over, QKD_LDPC_RUN - over);
        }
    }
    return unmet;
}

size_t qkd_ldpc_sweep(int level, const qkd_ldpc_code *code, const uint64_t *syndrome, const uint8_t *table,
                      int8_t *totals, int8_t *messages) {
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) return qkd_ldpc_sweep_avx2(code, syndrome, table, totals, messages);
#endif
    return sweep_scalar(code, syndrome, table, totals, messages);
}

void qkd_ldpc_signs(int level, const qkd_ldpc_code *code, const int8_t *totals, uint64_t *bits) {
    (void)level;
#if QKD_X86
    if (level != QKD_LEVEL_SCALAR) {
        qkd_ldpc_signs_avx2(code, totals, bits);
        return;
    }
#endif
    for (size_t column = 0; column < code->columns; column++) {
        for (size_t at = 0; at < code->lifting; at += 64, bits++) {
            uint64_t word = 0;
            for (size_t bit = 0; bit < 64; bit++) word |= (uint64_t)((uint8_t)totals[at + bit] >> 7) << bit;
            *bits = word;
        }
        totals += code->lifting + QKD_LDPC_RUN;
    }
}
