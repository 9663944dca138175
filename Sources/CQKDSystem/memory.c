#include "CQKDSystem.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

int qkd_return_large_blocks(size_t bytes) {
#ifdef __GLIBC__
    return mallopt(M_MMAP_THRESHOLD, (int)bytes) == 1 ? 0 : -EINVAL;
#else
    (void)bytes;
    return 0;
#endif
}
