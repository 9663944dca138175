// GPIO lines through libgpiod 1.6 or 2.x: one interface for both. Which of the two it was built with is told apart by
// a macro that only 1.x has. Every call returns 0 or a positive value on success and -errno on failure.
#ifndef QKD_GPIO_H
#define QKD_GPIO_H

#include <stddef.h>
#include <stdint.h>

// Lines that were requested together from one chip.
typedef struct qkd_gpio_lines qkd_gpio_lines;

typedef struct {
    // Kernel's monotonic clock, nanoseconds.
    uint64_t time_ns;
    uint32_t offset;
    uint32_t is_rising;
    // Counts all edges of the request, and those of the line, from 1; 0 where the library does not tell (1.x).
    uint32_t sequence;
    uint32_t line_sequence;
} qkd_gpio_edge;

enum { QKD_GPIO_RISING = 1, QKD_GPIO_FALLING = 2 };

// The library's major version, 1 or 2.
int qkd_gpio_major(void);
// The library's version as it says it.
const char *qkd_gpio_version(void);

// Looks at a chip: its name, its label, how many lines it has.
int qkd_gpio_chip(const char *path, char *name, size_t name_size, char *label, size_t label_size, uint32_t *lines);
// Looks at a line: its name and who uses it (empty if nobody), and whether it is an output.
int qkd_gpio_line(
    const char *path, uint32_t offset, char *name, size_t name_size, char *consumer, size_t consumer_size,
    int *is_used, int *is_output);

// Requests lines as outputs with these first values (0 or 1), as inputs, or as inputs whose edges are told.
int qkd_gpio_outputs(
    const char *path, const uint32_t *offsets, const int *values, size_t count, const char *consumer,
    qkd_gpio_lines **lines);
int qkd_gpio_inputs(
    const char *path, const uint32_t *offsets, size_t count, const char *consumer, qkd_gpio_lines **lines);
int qkd_gpio_watch(
    const char *path, const uint32_t *offsets, size_t count, int edges, size_t buffer, const char *consumer,
    qkd_gpio_lines **lines);

// All values, in the order of the request.
int qkd_gpio_set(qkd_gpio_lines *lines, const int *values);
int qkd_gpio_get(qkd_gpio_lines *lines, int *values);

// Waits for edges, at most so many milliseconds, and reads up to `limit`; returns how many, 0 when none came.
int qkd_gpio_edges(qkd_gpio_lines *lines, int timeout_ms, qkd_gpio_edge *edges, size_t limit);

void qkd_gpio_release(qkd_gpio_lines *lines);

#endif
