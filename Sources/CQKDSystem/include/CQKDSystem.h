// What Swift cannot import: termios2, ptys, a few ioctls, mallopt and getrandom. Every call returns 0 or a positive
// value on success and -errno on failure.
#ifndef CQKDSYSTEM_H
#define CQKDSYSTEM_H

#include "qkd_gpio.h"

#include <stddef.h>
#include <stdint.h>

// Opens a tty for one user alone (flock, and TIOCEXCL but on ptys; root ignores the latter), raw, 8N1, at any
// baud rate, without becoming its session leader. Returns the descriptor.
int qkd_serial_open(const char *path, uint32_t baud);

// The baud rate that the driver reports, which it may have rounded.
int qkd_serial_baud(int fd, uint32_t *baud);

// Makes a raw pty pair; writes the slave's path. The slave is kept open so that the master never
// hangs up while clients come and go.
int qkd_pty_open(int *master, int *slave, char *path, size_t path_size);

// Fills memory with the system's random numbers (getrandom(2)).
int qkd_random_fill(void *memory, size_t count);

// Has all threads share one heap (mallopt(3)). Left to itself, glibc makes one a thread, up to eight a core, and each
// keeps holes of the size of a frame. Giving blocks back at once instead costs as much time again.
int qkd_share_heap(void);

#endif
