#include "CQKDSystem.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

int qkd_share_heap(void) {
#ifdef __GLIBC__
    return mallopt(M_ARENA_MAX, 1) == 1 ? 0 : -EINVAL;
#else
    return 0;
#endif
}
