// An LD_PRELOAD library that gives a program a GPIO chip, /dev/gpiochip0, for unmodified libgpiod 1.6 and 2.x.
//
// QKD_GPIO_LINES    number of lines, 24 by default; their names are L0, L1, ...
// QKD_GPIO_LEVELS   levels of inputs at the start: "3=1,7=0"; others follow their bias, or read 0
// QKD_GPIO_SOCKET   path of a unix stream socket at which the outside listens
//
// Each program connects to the outside when it opens the chip and is not connected. Then, in lines of text, all about
// the level on the pin (active low changes nothing):
//   outside: drive LINE 0|1    the level of an input line from now on; no reply
//   outside: sense LINE        reply: LINE 0|1, the output's level, or what an input sees
//   program: set LINE 0|1      a line became an output with this level, or an output changed; each, in order
//   program: error TEXT        the request was refused
// A reply to `sense` means that every `drive` before it has taken effect. The outside may be a part of the same
// program. What it does not read is kept; an output never waits for it.
//
// The event buffers overflow as the kernel's do. Not covered: watching line infos, line files that are duplicated or
// inherited, debouncing in time, more than one chip.
//
// Build: gcc -O2 -shared -fPIC -o libgpio_shim.so gpio_*.c -ldl -lpthread
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "gpio_model.h"

enum { MAJOR = 254, MOST_FILES = 65536 };
enum { NOT_OURS, CHIP_FILE, LINE_FILE };
#define NODE "/dev/" GPIO_CHIP
#define NUMBERS "254:0"

#define EXPORT __attribute__((visibility("default")))
#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static _Atomic unsigned char kinds[MOST_FILES];

static int kind_of(int fd) { return fd >= 0 && fd < MOST_FILES ? atomic_load(&kinds[fd]) : NOT_OURS; }
static bool same(const char *path, const char *ours) { return path != NULL && strcmp(path, ours) == 0; }
static bool is_number_file(const char *path) { return same(path, "/sys/bus/gpio/devices/" GPIO_CHIP "/dev"); }
static bool is_subsystem(const char *path) {
    return same(path, "/sys/dev/char/" NUMBERS "/subsystem") ||
           same(path, "/sys/bus/gpio/devices/" GPIO_CHIP "/subsystem");
}

static int failed(int number) {
    errno = number;
    return -1;
}

static void take_levels(void) {
    static bool taken;
    const char *text = getenv("QKD_GPIO_LEVELS");
    unsigned line;
    int level, length;
    for (; !taken && text != NULL && sscanf(text, "%u=%d%n", &line, &level, &length) == 2; text += *text == ',') {
        gpio_drive(line, level != 0);
        text += length;
    }
    taken = true;
}

// -2: not one of ours.
static int open_ours(const char *path) {
    if (is_number_file(path)) {
        int fd = memfd_create("dev", MFD_CLOEXEC);
        if (fd >= 0 && (write(fd, NUMBERS "\n", 6) != 6 || lseek(fd, 0, SEEK_SET) != 0)) return failed(EIO);
        return fd;
    }
    if (!same(path, NODE)) return -2;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0 || fd >= MOST_FILES) return failed(EMFILE);
    pthread_mutex_lock(&gpio_lock);
    gpio_line_count();
    take_levels();
    gpio_control_connect();
    pthread_mutex_unlock(&gpio_lock);
    atomic_store(&kinds[fd], CHIP_FILE);
    return fd;
}

#define OPEN(name) \
    EXPORT int name(const char *path, int flags, ...) { \
        REAL(name); \
        int fd = open_ours(path); \
        if (fd != -2) return fd; \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    EXPORT int name(int folder, const char *path, int flags, ...) { \
        REAL(name); \
        int fd = open_ours(path); \
        if (fd != -2) return fd; \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        return real(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags) { return open(path, flags); }
EXPORT int __open64_2(const char *path, int flags) { return open(path, flags); }

#define FOPEN(name) \
    EXPORT FILE *name(const char *path, const char *mode) { \
        REAL(name); \
        int fd = is_number_file(path) ? open_ours(path) : -2; \
        return fd == -2 ? real(path, mode) : fd == -1 ? NULL : fdopen(fd, mode); \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define STAT(name, type) \
    EXPORT int name(const char *restrict path, struct type *restrict result) { \
        REAL(name); \
        if (!same(path, NODE)) return real(path, result); \
        memset(result, 0, sizeof *result); \
        result->st_mode = S_IFCHR | 0660; \
        result->st_nlink = 1; \
        result->st_rdev = makedev(MAJOR, 0); \
        return 0; \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

EXPORT int access(const char *path, int mode) {
    REAL(access);
    return same(path, NODE) || is_number_file(path) || is_subsystem(path) ? 0 : real(path, mode);
}

static char *copy(const char *text, char *room) { return room != NULL ? strcpy(room, text) : strdup(text); }

EXPORT char *realpath(const char *restrict path, char *restrict room) {
    REAL(realpath);
    if (is_subsystem(path)) return copy("/sys/bus/gpio", room);
    return same(path, NODE) || is_number_file(path) ? copy(path, room) : real(path, room);
}

char *__realpath_chk(const char *path, char *room, size_t size);
EXPORT char *__realpath_chk(const char *path, char *room, size_t size) {
    if (size < PATH_MAX) abort();
    return realpath(path, room);
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict room, size_t size) {
    REAL(readlink);
    static const char target[] = "../../../bus/gpio";
    if (same(path, NODE) || is_number_file(path)) return failed(EINVAL);
    if (!is_subsystem(path)) return real(path, room, size);
    size_t count = size < sizeof target - 1 ? size : sizeof target - 1;
    memcpy(room, target, count);
    return (ssize_t)count;
}

EXPORT int scandir(const char *restrict folder, struct dirent ***restrict list, int (*wanted)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **)) {
    REAL(scandir);
    int count = real(folder, list, wanted, order);
    if (count < 0 || (!same(folder, "/dev") && !same(folder, "/dev/"))) return count;
    for (int i = 0; i < count; i++)
        if (same((*list)[i]->d_name, GPIO_CHIP)) return count;
    struct dirent *entry = calloc(1, sizeof *entry);
    struct dirent **longer = realloc(*list, (size_t)(count + 1) * sizeof *longer);
    if (longer != NULL) *list = longer;
    if (entry == NULL || longer == NULL) return failed(ENOMEM);
    entry->d_ino = 1;
    entry->d_type = DT_CHR;
    entry->d_reclen = sizeof *entry;
    strcpy(entry->d_name, GPIO_CHIP);
    if (wanted != NULL && !wanted(entry)) {
        free(entry);
        return count;
    }
    longer[count++] = entry;
    if (order != NULL)
        qsort(longer, (size_t)count, sizeof *longer, (int (*)(const void *, const void *))order);
    return count;
}

// The two kinds of entries are one where a long has 64 bits.
_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "dirent");
EXPORT int scandir64(const char *restrict folder, struct dirent64 ***restrict list,
                     int (*wanted)(const struct dirent64 *),
                     int (*order)(const struct dirent64 **, const struct dirent64 **)) {
    return scandir(folder, (struct dirent ***)list, (int (*)(const struct dirent *))wanted,
                   (int (*)(const struct dirent **, const struct dirent **))order);
}

EXPORT int ioctl(int fd, unsigned long code, ...) {
    REAL(ioctl);
    va_list list;
    va_start(list, code);
    void *argument = va_arg(list, void *);
    va_end(list);
    int kind = kind_of(fd);
    if (kind == NOT_OURS) return real(fd, code, argument);
    code = (unsigned)code;  // libgpiod 2 hands an int over, with its sign
    pthread_mutex_lock(&gpio_lock);
    struct gpio_request *request = kind == LINE_FILE ? gpio_find(fd) : NULL;
    int result = -EBADF, made = -1;
    if (kind == CHIP_FILE) result = gpio_chip_ioctl(code, argument);
    else if (request != NULL) result = gpio_request_ioctl(request, code, argument);
    if (kind == CHIP_FILE && result == 0) {
        if (code == GPIO_GET_LINEHANDLE_IOCTL) made = ((struct gpiohandle_request *)argument)->fd;
        if (code == GPIO_GET_LINEEVENT_IOCTL) made = ((struct gpioevent_request *)argument)->fd;
        if (code == GPIO_V2_GET_LINE_IOCTL) made = ((struct gpio_v2_line_request *)argument)->fd;
    }
    if (made >= 0 && made < MOST_FILES) atomic_store(&kinds[made], LINE_FILE);
    pthread_mutex_unlock(&gpio_lock);
    return result < 0 ? failed(-result) : result;
}

EXPORT ssize_t read(int fd, void *bytes, size_t count) {
    REAL(read);
    int kind = kind_of(fd);
    if (kind == NOT_OURS) return real(fd, bytes, count);
    for (;;) {
        pthread_mutex_lock(&gpio_lock);
        struct gpio_request *request = kind == LINE_FILE ? gpio_find(fd) : NULL;
        ssize_t taken = request != NULL ? gpio_take_events(request, bytes, count) : -EINVAL;
        bool waits = taken == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
        pthread_mutex_unlock(&gpio_lock);
        if (taken != 0) return taken < 0 ? failed((int)-taken) : taken;
        struct pollfd one = {fd, POLLIN, 0};
        if (!waits) return failed(EAGAIN);
        if (poll(&one, 1, -1) < 0) return -1;
    }
}

ssize_t __read_chk(int fd, void *bytes, size_t count, size_t room);
EXPORT ssize_t __read_chk(int fd, void *bytes, size_t count, size_t room) {
    if (count > room) abort();
    return read(fd, bytes, count);
}

EXPORT int close(int fd) {
    REAL(close);
    if (kind_of(fd) != NOT_OURS) {
        pthread_mutex_lock(&gpio_lock);
        struct gpio_request *request = gpio_find(fd);
        if (request != NULL) gpio_release(request);
        atomic_store(&kinds[fd], NOT_OURS);
        pthread_mutex_unlock(&gpio_lock);
    }
    return real(fd);
}
