#include "CQKDSystem.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/random.h>
#else
#include <stdlib.h>
#endif
#include <sys/types.h>

int qkd_share_heap(void) {
#ifdef __GLIBC__
    return mallopt(M_ARENA_MAX, 1) == 1 ? 0 : -EINVAL;
#else
    return 0;
#endif
}

int qkd_random_fill(void *memory, size_t count) {
    char *next = memory;
    while (count > 0) {
#if defined(__linux__)
        const ssize_t some = getrandom(next, count, 0);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) return -errno;
#else
        const ssize_t some = (ssize_t)count;
        arc4random_buf(next, count);
#endif
        next += some;
        count -= (size_t)some;
    }
    return 0;
}
