#define _GNU_SOURCE
#include "CQKDSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int qkd_pty_open(int *master, int *slave, char *path, size_t path_size) {
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -errno;
    int peer = -1;
    int failure = 0;
    if (grantpt(fd) < 0 || unlockpt(fd) < 0) {
        failure = -errno;
    } else if ((failure = -ptsname_r(fd, path, path_size)) == 0) {
        peer = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        struct termios settings;
        if (peer < 0 || tcgetattr(peer, &settings) < 0) {
            failure = -errno;
        } else {
            // A cooked pty would echo a stream back to the emulator before a client makes it raw.
            cfmakeraw(&settings);
            if (tcsetattr(peer, TCSANOW, &settings) < 0) failure = -errno;
        }
    }
    if (failure != 0) {
        if (peer >= 0) close(peer);
        close(fd);
        return failure;
    }
    *master = fd;
    *slave = peer;
    return 0;
}
