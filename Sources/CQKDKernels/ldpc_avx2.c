#include <string.h>

#include "ldpc.h"

#if QKD_X86

/// What a run of 32 checks knows after its first pass.
typedef struct {
    __m256i sign, parity;      // bit 7 of each lane
    __m256i least, second;     // the two smallest magnitudes
    __m256i to_least, to_others; // what is sent to the circulant of the smallest, and to the others
} half;

QKD_AVX2 static inline half begun(uint32_t wanted) {
    const __m256i byte_of_lane = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2,
                                                  2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit_of_lane = _mm256_set1_epi64x((long long)0x8040201008040201u);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)wanted), byte_of_lane);
    half h;
    h.sign = h.parity = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit_of_lane), bit_of_lane);
    h.least = h.second = _mm256_set1_epi8(-1);
    return h;
}

/// First pass over one circulant: takes its last message out of the totals. Returns what is left.
QKD_AVX2 static inline __m256i taken(half *h, const int8_t *totals, const int8_t *old) {
    const __m256i total = _mm256_loadu_si256((const __m256i *)totals);
    const __m256i rest = _mm256_subs_epi8(total, _mm256_loadu_si256((const __m256i *)old));
    const __m256i size = _mm256_abs_epi8(rest);
    h->parity = _mm256_xor_si256(h->parity, total);
    h->sign = _mm256_xor_si256(h->sign, rest);
    h->second = _mm256_min_epu8(h->second, _mm256_max_epu8(h->least, size));
    h->least = _mm256_min_epu8(h->least, size);
    return rest;
}

QKD_AVX2 static inline __m256i looked_up(__m256i size, __m256i low, __m256i high) {
    const __m256i at = _mm256_min_epu8(size, _mm256_set1_epi8(31));
    // Bit 4 says which half of the table; shifted to bit 7 it chooses.
    return _mm256_blendv_epi8(_mm256_shuffle_epi8(low, at), _mm256_shuffle_epi8(high, at), _mm256_slli_epi16(at, 3));
}

/// Second pass over one circulant: the new message, into its place and into the totals.
QKD_AVX2 static inline __m256i given(const half *h, __m256i rest) {
    const __m256i is_least = _mm256_cmpeq_epi8(_mm256_abs_epi8(rest), h->least);
    const __m256i size = _mm256_blendv_epi8(h->to_others, h->to_least, is_least);
    // Never zero, which would make the message zero.
    const __m256i sign = _mm256_or_si256(_mm256_xor_si256(rest, h->sign), _mm256_set1_epi8(1));
    return _mm256_sign_epi8(size, sign);
}

/// Makes the column's front and its copy behind the end equal again: `over` bytes are newer behind.
QKD_AVX2 static inline void mended(int8_t *front, int8_t *behind, size_t over) {
    static const uint8_t ones_then_zeros[2 * QKD_LDPC_RUN] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    for (int at = 0; at < QKD_LDPC_RUN; at += 32) {
        const __m256i is_behind =
            _mm256_loadu_si256((const __m256i *)(ones_then_zeros + QKD_LDPC_RUN - over + at));
        const __m256i both = _mm256_blendv_epi8(_mm256_loadu_si256((const __m256i *)(front + at)),
                                                _mm256_loadu_si256((const __m256i *)(behind + at)), is_behind);
        _mm256_storeu_si256((__m256i *)(front + at), both);
        _mm256_storeu_si256((__m256i *)(behind + at), both);
    }
}

QKD_AVX2 size_t qkd_ldpc_sweep_avx2(const qkd_ldpc_code *code, const uint64_t *syndrome, const uint8_t *table,
                                    int8_t *totals, int8_t *messages) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16)));
    __m256i rests[2 * QKD_LDPC_WEIGHT];
    uint32_t starts[QKD_LDPC_WEIGHT], ends[QKD_LDPC_WEIGHT];
    const uint32_t lifting = code->lifting;
    size_t unmet = 0;
    for (size_t row = 0; row < code->rows; row++) {
        const size_t first = code->row_starts[row], weight = code->row_starts[row + 1] - first;
        for (size_t edge = 0; edge < weight; edge++) {
            starts[edge] = (uint32_t)qkd_ldpc_start(code, first + edge);
            ends[edge] = (uint32_t)qkd_ldpc_end(code, first + edge);
        }
        for (size_t check = 0; check < lifting; check += QKD_LDPC_RUN) {
            const uint64_t wanted = *syndrome++;
            half a = begun((uint32_t)wanted), b = begun((uint32_t)(wanted >> 32));
            for (size_t edge = 0; edge < weight; edge++) {
                const int8_t *at = totals + starts[edge], *old = messages + edge * QKD_LDPC_RUN;
                rests[2 * edge] = taken(&a, at, old);
                rests[2 * edge + 1] = taken(&b, at + 32, old + 32);
            }
            unmet += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(a.parity));
            unmet += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(b.parity));
            a.to_others = looked_up(a.least, low, high);
            b.to_others = looked_up(b.least, low, high);
            a.to_least = looked_up(a.second, low, high);
            b.to_least = looked_up(b.second, low, high);
            for (size_t edge = 0; edge < weight; edge++) {
                int8_t *at = totals + starts[edge], *made = messages + edge * QKD_LDPC_RUN;
                const __m256i x = given(&a, rests[2 * edge]), y = given(&b, rests[2 * edge + 1]);
                _mm256_storeu_si256((__m256i *)made, x);
                _mm256_storeu_si256((__m256i *)(made + 32), y);
                _mm256_storeu_si256((__m256i *)at, _mm256_adds_epi8(rests[2 * edge], x));
                _mm256_storeu_si256((__m256i *)(at + 32), _mm256_adds_epi8(rests[2 * edge + 1], y));
                // No branch, which each circulant would make go wrong once a row.
                const uint32_t next = starts[edge] + QKD_LDPC_RUN;
                starts[edge] = next - (lifting & (uint32_t)-(next >= ends[edge]));
            }
            messages += weight * QKD_LDPC_RUN;
        }
        for (size_t edge = 0; edge < weight; edge++) {
            int8_t *behind = totals + ends[edge];
            mended(behind - lifting, behind, code->edge_shifts[first + edge] % QKD_LDPC_RUN);
        }
    }
    return unmet;
}

QKD_AVX2 void qkd_ldpc_signs_avx2(const qkd_ldpc_code *code, const int8_t *totals, uint64_t *bits) {
    for (size_t column = 0; column < code->columns; column++) {
        for (size_t at = 0; at < code->lifting; at += 64) {
            const __m256i low = _mm256_loadu_si256((const __m256i *)(totals + at));
            const __m256i high = _mm256_loadu_si256((const __m256i *)(totals + at + 32));
            *bits++ = (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
        }
        totals += code->lifting + QKD_LDPC_RUN;
    }
}

#else
typedef int qkd_ldpc_avx2_absent;
#endif
