// A GPIO chip in memory: lines, requests and their events, as the Linux character device (uAPI v1 and v2) behaves.
#ifndef GPIO_MODEL_H
#define GPIO_MODEL_H

#include <linux/gpio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GPIO_CHIP "gpiochip0"
#define GPIO_MOST_LINES 512

// Held around every call below.
extern pthread_mutex_t gpio_lock;

struct gpio_event {
    uint64_t time_ns;
    uint32_t id, line, seqno, line_seqno;
};

// An open line file. `fd` is an eventfd: readable while there are events, so that poll() is the kernel's own.
struct gpio_request {
    int fd, version;
    uint32_t count, lines[GPIO_V2_LINES_MAX], seqno, line_seqno[GPIO_V2_LINES_MAX];
    struct gpio_event *events;  // NULL for a v1 line handle
    uint32_t room, first, held;
    struct gpio_request *next;
};

uint32_t gpio_line_count(void);
// These answer 0 or a negative errno, as the kernel's ioctl would.
int gpio_chip_ioctl(unsigned long code, void *argument);
int gpio_request_ioctl(struct gpio_request *request, unsigned long code, void *argument);
// Whole events only; 0 when there are none.
ssize_t gpio_take_events(struct gpio_request *request, void *bytes, size_t count);
struct gpio_request *gpio_find(int fd);
void gpio_release(struct gpio_request *request);

// The level outside of an input line; -ENOENT for a line that is not there.
int gpio_drive(uint32_t line, int level);
int gpio_sense(uint32_t line);

// gpio_control.c: the talk with the outside.
void gpio_control_connect(void);
void gpio_control_tell(const char *text);

#endif
