#ifndef QKD_LEVELS_H
#define QKD_LEVELS_H

// How a function is compiled for a level, whatever the flags of the build: just what qkd_best_level asks for.
#if defined(__x86_64__)
#include <immintrin.h>
#define QKD_X86 1
#define QKD_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define QKD_AVX512                                                                                                     \
    __attribute__((target(                                                                                             \
        "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,avx2,bmi,bmi2,popcnt")))
#else
#define QKD_X86 0
#endif

#endif
