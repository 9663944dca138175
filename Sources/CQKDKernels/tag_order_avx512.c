#include "tag_order.h"

#if QKD_X86
size_t qkd_tag_order_avx512(const int64_t *times, size_t count, qkd_tag_order *order) {
    return qkd_tag_order_avx2(times, count, order);
}
#else
typedef int qkd_tag_order_avx512_absent;
#endif
