#include "t2.h"

#if QKD_X86

/// What a run of records shares.
typedef struct {
    __m512i tick, step, number; // ps of a tick and of an overflow; the field that tells overflows, or 0
} t2_scale;

/// Sixteen times and channels; the base of the first eight and that of the others may differ.
QKD_AVX512 static inline void put16(__m512i records, __m512i tick, __m512i early, __m512i late, int64_t *times,
                                    uint8_t *channels) {
    const __m512i ticks = _mm512_and_si512(records, _mm512_set1_epi32(QKD_T2_TIME));
    const __m512i first = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(ticks));
    const __m512i second = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(ticks, 1));
    _mm512_storeu_si512(times, _mm512_add_epi64(_mm512_mul_epu32(first, tick), early));
    _mm512_storeu_si512(times + 8, _mm512_add_epi64(_mm512_mul_epu32(second, tick), late));
    _mm_storeu_si128((__m128i *)channels, _mm512_cvtepi32_epi8(_mm512_srli_epi32(records, 25)));
}

/// Each lane's sum of itself and the lanes in front of it.
QKD_AVX512 static inline __m512i running16(__m512i values) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sum = _mm512_add_epi32(values, _mm512_alignr_epi32(values, zero, 15));
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 14));
    sum = _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 12));
    return _mm512_add_epi32(sum, _mm512_alignr_epi32(sum, zero, 8));
}

/// Counts the special records that are no overflows.
QKD_AVX512 static inline void count_others(qkd_t2_state *state, __m512i records, unsigned others) {
    const unsigned to_sync = others & _mm512_cmplt_epu32_mask(records, _mm512_set1_epi32((int)(65u << 25)));
    const unsigned to_marker = others & _mm512_cmplt_epu32_mask(records, _mm512_set1_epi32((int)(80u << 25)));
    const int syncs = __builtin_popcount(to_sync), known = __builtin_popcount(to_marker);
    state->syncs += syncs;
    state->markers += known - syncs;
    state->illegal += __builtin_popcount(others) - known;
}

/// Decodes sixteen records of any kind and returns 1, or 0 without a change where the range of time ends among them.
/// Always inlined: a compiler takes it for rare, but with some overflows in a hundred it is the main road.
QKD_AVX512 __attribute__((always_inline)) static inline int mixed16(qkd_t2_state *state, __m512i records,
                                                                    const t2_scale *scale, int64_t *times,
                                                                    uint8_t *channels, size_t *tag) {
    const __mmask16 special = _mm512_movepi32_mask(records);
    const __mmask16 overflow = _mm512_cmpge_epu32_mask(records, _mm512_set1_epi32((int)(127u << 25)));
    // 1 where the field is not to be read, or zero. Sixteen of 25 bits are far from filling a lane.
    const __m512i number = _mm512_and_si512(records, scale->number);
    const __m512i running = running16(_mm512_maskz_max_epu32(overflow, number, _mm512_set1_epi32(1)));
    const int64_t total = _mm_extract_epi32(_mm512_extracti32x4_epi32(running, 3), 3);
    int64_t added;
    if (__builtin_mul_overflow(total, state->overflow_ticks, &added) || added > state->maximum_base - state->base)
        return 0;
    // Compressed in registers, for a compress to memory is microcode on AMD; and before the lanes are widened, so that
    // two do instead of four and the stores lie side by side.
    const __mmask16 keep = (__mmask16)~special;
    const __m512i kept = _mm512_maskz_compress_epi32(keep, records);
    const __m512i wraps = _mm512_maskz_compress_epi32(keep, running);
    const __m512i base = _mm512_set1_epi64(state->base * state->tick_ps);
    const __m512i first = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(wraps));
    const __m512i second = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(wraps, 1));
    put16(kept, scale->tick, _mm512_add_epi64(base, _mm512_mullo_epi64(first, scale->step)),
          _mm512_add_epi64(base, _mm512_mullo_epi64(second, scale->step)), times + *tag, channels + *tag);
    *tag += (size_t)__builtin_popcount(keep);
    state->base += added;
    state->wraps += total;
    state->overflow_records += __builtin_popcount(overflow);
    if (__builtin_expect(special != overflow, 0)) count_others(state, records, (unsigned)(special & ~overflow));
    return 1;
}

QKD_AVX512 void qkd_t2_avx512(qkd_t2_state *outer, const void *records, size_t end, int64_t *times, uint8_t *channels,
                              qkd_t2_cursor *cursor) {
    const uint8_t *bytes = records;
    // A copy: a store of channels could alias the caller's.
    qkd_t2_state state = *outer;
    const t2_scale scale = {_mm512_set1_epi64(state.tick_ps),
                            _mm512_set1_epi64((int64_t)((uint64_t)state.overflow_ticks * (uint64_t)state.tick_ps)),
                            _mm512_set1_epi32(state.counts_overflows ? QKD_T2_TIME : 0)};
    size_t index = cursor->record, tag = cursor->tag;
    while (end - index >= 32) {
        const __m512i r0 = _mm512_loadu_si512(bytes + 4 * index), r1 = _mm512_loadu_si512(bytes + 4 * index + 64);
        if (__builtin_expect(_mm512_movepi32_mask(_mm512_or_si512(r0, r1)) == 0, 1)) {
            const __m512i base = _mm512_set1_epi64(state.base * state.tick_ps);
            put16(r0, scale.tick, base, base, times + tag, channels + tag);
            put16(r1, scale.tick, base, base, times + tag + 16, channels + tag + 16);
            index += 32;
            tag += 32;
            continue;
        }
        // The first half only: the next thirty-two may be plain again.
        if (!mixed16(&state, r0, &scale, times, channels, &tag)) break;
        index += 16;
    }
    *outer = state;
    *cursor = (qkd_t2_cursor){index, tag};
}

#else
typedef int qkd_t2_avx512_absent;
#endif
