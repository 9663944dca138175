#include "CQKDSystem.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// <termios.h> declares a different struct of the same name, so ptys live in another file.

static int make_raw(int fd, uint32_t baud) {
    struct termios2 settings;
    if (ioctl(fd, TCGETS2, &settings) < 0) return -errno;
    settings.c_iflag = IGNBRK;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = (settings.c_cflag & ~(CBAUD | CSIZE | CSTOPB | PARENB | CRTSCTS))
        | BOTHER | CS8 | CREAD | CLOCAL;
    settings.c_cflag &= ~(CBAUD << IBSHIFT);
    settings.c_cflag |= BOTHER << IBSHIFT;
    settings.c_ispeed = baud;
    settings.c_ospeed = baud;
    memset(settings.c_cc, 0, sizeof settings.c_cc);
    settings.c_cc[VMIN] = 1;
    if (ioctl(fd, TCSETS2, &settings) < 0) return -errno;
    ioctl(fd, TCFLSH, TCIOFLUSH);
    return 0;
}

// Unix98 pty slaves have the majors 136 to 143 (Linux, admin-guide/devices.txt). TIOCEXCL lasts until the
// last descriptor is closed, and a pty's owner keeps one: it would lock out the next client for good.
static int is_pty(int fd) {
    struct stat facts;
    return fstat(fd, &facts) == 0 && major(facts.st_rdev) >= 136 && major(facts.st_rdev) <= 143;
}

int qkd_serial_open(const char *path, uint32_t baud) {
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -errno;
    int failure = 0;
    if (!isatty(fd)) failure = -ENOTTY;
    else if (flock(fd, LOCK_EX | LOCK_NB) < 0) failure = errno == EWOULDBLOCK ? -EBUSY : -errno;
    else if (!is_pty(fd) && ioctl(fd, TIOCEXCL) < 0) failure = -errno;
    else failure = make_raw(fd, baud);
    if (failure == 0) return fd;
    close(fd);
    return failure;
}

int qkd_serial_baud(int fd, uint32_t *baud) {
    struct termios2 settings;
    if (ioctl(fd, TCGETS2, &settings) < 0) return -errno;
    *baud = settings.c_ospeed;
    return 0;
}
