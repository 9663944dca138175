#include "CQKDKernels.h"
#include "levels.h"

int qkd_best_level(void) {
#if QKD_X86
    // The compiler's runtime asks cpuid, and xgetbv for what the system saves.
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")
        || !__builtin_cpu_supports("popcnt"))
        return QKD_LEVEL_SCALAR;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi")
        && __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vpopcntdq"))
        return QKD_LEVEL_AVX512;
    return QKD_LEVEL_AVX2;
#else
    return QKD_LEVEL_SCALAR;
#endif
}
