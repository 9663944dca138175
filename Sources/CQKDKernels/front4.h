#ifndef QKD_FRONT4_H
#define QKD_FRONT4_H

#include <stdint.h>

// For each set of four lanes, those lanes in front, as pairs of 32-bit lanes: AVX2 has no compress.
#define QKD_LANE(n) 2 * (n), 2 * (n) + 1
static const uint32_t qkd_front4[16][8] __attribute__((aligned(32))) = {
    {QKD_LANE(0), QKD_LANE(1), QKD_LANE(2), QKD_LANE(3)}, {QKD_LANE(0), QKD_LANE(1), QKD_LANE(2), QKD_LANE(3)},
    {QKD_LANE(1), QKD_LANE(0), QKD_LANE(2), QKD_LANE(3)}, {QKD_LANE(0), QKD_LANE(1), QKD_LANE(2), QKD_LANE(3)},
    {QKD_LANE(2), QKD_LANE(0), QKD_LANE(1), QKD_LANE(3)}, {QKD_LANE(0), QKD_LANE(2), QKD_LANE(1), QKD_LANE(3)},
    {QKD_LANE(1), QKD_LANE(2), QKD_LANE(0), QKD_LANE(3)}, {QKD_LANE(0), QKD_LANE(1), QKD_LANE(2), QKD_LANE(3)},
    {QKD_LANE(3), QKD_LANE(0), QKD_LANE(1), QKD_LANE(2)}, {QKD_LANE(0), QKD_LANE(3), QKD_LANE(1), QKD_LANE(2)},
    {QKD_LANE(1), QKD_LANE(3), QKD_LANE(0), QKD_LANE(2)}, {QKD_LANE(0), QKD_LANE(1), QKD_LANE(3), QKD_LANE(2)},
    {QKD_LANE(2), QKD_LANE(3), QKD_LANE(0), QKD_LANE(1)}, {QKD_LANE(0), QKD_LANE(2), QKD_LANE(3), QKD_LANE(1)},
    {QKD_LANE(1), QKD_LANE(2), QKD_LANE(3), QKD_LANE(0)}, {QKD_LANE(0), QKD_LANE(1), QKD_LANE(2), QKD_LANE(3)},
};
#undef QKD_LANE

#endif
