#include "t2.h"

#if QKD_X86

#include "front4.h"
#include "sum4.h"

/// Times of four records: (base + ticks) · tick_ps, the base's part having been multiplied before.
QKD_AVX2 static inline __m256i times4(__m128i ticks, __m256i tick, __m256i base) {
    return _mm256_add_epi64(_mm256_mul_epu32(_mm256_cvtepu32_epi64(ticks), tick), base);
}

/// What a run of records shares.
typedef struct {
    __m256i tick, step_low, step_high, number_or;
} t2_scale;

/// Overflows that each lane's record stands for.
QKD_AVX2 static inline __m256i numbers8(__m256i records, const t2_scale *scale) {
    const __m256i is_overflow = _mm256_cmpeq_epi32(_mm256_srli_epi32(records, 25), _mm256_set1_epi32(127));
    // 1 where the field is not to be read, or zero.
    const __m256i number = _mm256_max_epu32(_mm256_and_si256(records, scale->number_or), _mm256_set1_epi32(1));
    return _mm256_and_si256(number, is_overflow);
}

/// Each lane's sum of itself and the lanes in front of it.
QKD_AVX2 static inline __m256i running8(__m256i values) {
    __m256i sum = _mm256_add_epi32(values, _mm256_slli_si256(values, 4));
    sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 8));
    return _mm256_add_epi32(sum, _mm256_shuffle_epi32(_mm256_permute2x128_si256(sum, sum, 0x08), 0xFF));
}

/// Picoseconds of four numbers of overflows.
QKD_AVX2 static inline __m256i steps4(__m256i number, const t2_scale *scale) {
    return _mm256_add_epi64(_mm256_mul_epu32(number, scale->step_low),
                            _mm256_slli_epi64(_mm256_mul_epu32(number, scale->step_high), 32));
}

/// Writes the eight records that are no overflows; returns how many, and the base behind them.
QKD_AVX2 static inline size_t mixed8(__m256i records, __m256i numbers, const t2_scale *scale, __m256i *base,
                                     int64_t *times, uint8_t *channels) {
    const __m256i ticks = _mm256_and_si256(records, _mm256_set1_epi32(QKD_T2_TIME));
    const __m256i sum = running8(numbers);
    const __m256i total = _mm256_permutevar8x32_epi32(sum, _mm256_set1_epi32(7));
    const __m256i early = _mm256_add_epi64(times4(_mm256_castsi256_si128(ticks), scale->tick, *base),
                                           steps4(_mm256_cvtepu32_epi64(_mm256_castsi256_si128(sum)), scale));
    const __m256i late = _mm256_add_epi64(times4(_mm256_extracti128_si256(ticks, 1), scale->tick, *base),
                                          steps4(_mm256_cvtepu32_epi64(_mm256_extracti128_si256(sum, 1)), scale));
    *base = _mm256_add_epi64(*base, steps4(total, scale));
    const unsigned keep = ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(records)) & 255;
    const unsigned first = keep & 15, second = keep >> 4;
    _mm256_storeu_si256((__m256i *)times,
                        _mm256_permutevar8x32_epi32(early, _mm256_load_si256((const __m256i *)qkd_front4[first])));
    _mm256_storeu_si256((__m256i *)(times + __builtin_popcount(first)),
                        _mm256_permutevar8x32_epi32(late, _mm256_load_si256((const __m256i *)qkd_front4[second])));
    const __m256i kind = _mm256_srli_epi32(records, 25);
    const __m128i half = _mm_packus_epi32(_mm256_castsi256_si128(kind), _mm256_extracti128_si256(kind, 1));
    const uint64_t all = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(half, half));
    const uint64_t kept = _pext_u64(all, _pdep_u64(keep, 0x0101010101010101u) * 255);
    memcpy(channels, &kept, 8);
    return (size_t)__builtin_popcount(keep);
}

/// Thirty-two records without a special one.
QKD_AVX2 static inline void plain32(const __m256i *r, __m256i tick, __m256i base, int64_t *times, uint8_t *channels) {
    const __m256i mask = _mm256_set1_epi32(QKD_T2_TIME);
    for (int part = 0; part < 4; part++) {
        const __m256i ticks = _mm256_and_si256(r[part], mask);
        __m256i *to = (__m256i *)(times + 8 * part);
        _mm256_storeu_si256(to, times4(_mm256_castsi256_si128(ticks), tick, base));
        _mm256_storeu_si256(to + 1, times4(_mm256_extracti128_si256(ticks, 1), tick, base));
    }
    const __m256i front = _mm256_packus_epi32(_mm256_srli_epi32(r[0], 25), _mm256_srli_epi32(r[1], 25));
    const __m256i back = _mm256_packus_epi32(_mm256_srli_epi32(r[2], 25), _mm256_srli_epi32(r[3], 25));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256((__m256i *)channels, _mm256_permutevar8x32_epi32(_mm256_packus_epi16(front, back), order));
}

/// Takes the overflows of a group into the state; 0 if the range of time does not allow them.
QKD_AVX2 static inline int take(qkd_t2_state *state, const __m256i *numbers, int overflows) {
    const __m256i sums = _mm256_add_epi32(_mm256_add_epi32(numbers[0], numbers[1]),
                                          _mm256_add_epi32(numbers[2], numbers[3]));
    const __m256i wide = _mm256_add_epi64(_mm256_cvtepu32_epi64(_mm256_castsi256_si128(sums)),
                                          _mm256_cvtepu32_epi64(_mm256_extracti128_si256(sums, 1)));
    const int64_t total = qkd_sum4(wide);
    int64_t added;
    if (__builtin_mul_overflow(total, state->overflow_ticks, &added) || added > state->maximum_base - state->base)
        return 0;
    state->base += added;
    state->wraps += total;
    state->overflow_records += overflows;
    return 1;
}

/// Which of thirty-two records are special.
QKD_AVX2 static inline uint32_t specials32(const __m256i *r) {
    uint32_t bits = 0;
    for (int part = 0; part < 4; part++)
        bits |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(r[part])) << 8 * part;
    return bits;
}

// Of thirty-two records with so many special ones all are decoded at once, by moving the others together; with fewer,
// those in front of the first special one count, and the next thirty-two begin behind it. Where overflows are rare,
// no branch depends on where they are.
enum { DENSE = 6 };

QKD_AVX2 void qkd_t2_avx2(qkd_t2_state *outer, const void *records, size_t end, int64_t *times, uint8_t *channels,
                          qkd_t2_cursor *cursor) {
    const uint8_t *bytes = records;
    // A copy: a store of channels could alias the caller's.
    qkd_t2_state state = *outer;
    const uint64_t step = (uint64_t)state.overflow_ticks * (uint64_t)state.tick_ps;
    const t2_scale scale = {
        _mm256_set1_epi64x(state.tick_ps), _mm256_set1_epi64x((int64_t)(step & 0xFFFFFFFF)),
        _mm256_set1_epi64x((int64_t)(step >> 32)), _mm256_set1_epi32(state.counts_overflows ? QKD_T2_TIME : 0)};
    const uint32_t field = state.counts_overflows ? QKD_T2_TIME : 0;
    size_t index = cursor->record, tag = cursor->tag;
    while (end - index >= 32) {
        __m256i r[4], base = _mm256_set1_epi64x(state.base * state.tick_ps);
        for (int part = 0; part < 4; part++)
            r[part] = _mm256_loadu_si256((const __m256i *)(bytes + 4 * index) + part);
        const uint32_t special = specials32(r);
        if (__builtin_expect(__builtin_popcount(special) < DENSE, 1)) {
            plain32(r, scale.tick, base, times + tag, channels + tag);
            const uint32_t found = special != 0, front = _tzcnt_u32(special);
            uint32_t record;
            memcpy(&record, bytes + 4 * (index + (front & 31)), 4);
            const uint32_t number = found * ((record & field) | ((record & field) == 0));
            int64_t added;
            tag += front;
            index += front;
            // Syncs, markers and the end of the range are the scalar loop's.
            if (__builtin_expect(found && record >> 25 != 127, 0)) break;
            if (__builtin_expect(__builtin_mul_overflow((int64_t)number, state.overflow_ticks, &added), 0)
                || __builtin_expect(added > state.maximum_base - state.base, 0))
                break;
            state.base += added;
            state.wraps += number;
            state.overflow_records += found;
            index += found;
            continue;
        }
        __m256i numbers[4];
        int overflows = 0;
        for (int part = 0; part < 4; part++) {
            numbers[part] = numbers8(r[part], &scale);
            const __m256i none = _mm256_cmpeq_epi32(numbers[part], _mm256_setzero_si256());
            overflows += 8 - __builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(none)));
        }
        if (__builtin_expect(__builtin_popcount(special) != overflows || !take(&state, numbers, overflows), 0)) break;
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++)
            tag += mixed8(r[part], numbers[part], &scale, &base, times + tag, channels + tag);
        index += 32;
    }
    *outer = state;
    *cursor = (qkd_t2_cursor){index, tag};
}

#else
typedef int qkd_t2_avx2_absent;
#endif
