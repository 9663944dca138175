#include "gpio_text.h"
#include "qkd_gpio.h"

#include <errno.h>
#include <gpiod.h>
#include <poll.h>
#include <stdlib.h>

#ifdef GPIOD_LINE_BULK_MAX_LINES

struct qkd_gpio_lines {
    struct gpiod_chip *chip;
    struct gpiod_line_bulk bulk;
};

int qkd_gpio_major(void) { return 1; }

const char *qkd_gpio_version(void) { return gpiod_version_string(); }

int qkd_gpio_chip(const char *path, char *name, size_t name_size, char *label, size_t label_size, uint32_t *lines) {
    struct gpiod_chip *chip = gpiod_chip_open(path);
    if (chip == NULL) return -errno;
    qkd_gpio_copy(name, name_size, gpiod_chip_name(chip));
    qkd_gpio_copy(label, label_size, gpiod_chip_label(chip));
    *lines = gpiod_chip_num_lines(chip);
    gpiod_chip_close(chip);
    return 0;
}

int qkd_gpio_line(
    const char *path, uint32_t offset, char *name, size_t name_size, char *consumer, size_t consumer_size,
    int *is_used, int *is_output
) {
    struct gpiod_chip *chip = gpiod_chip_open(path);
    if (chip == NULL) return -errno;
    struct gpiod_line *line = gpiod_chip_get_line(chip, offset);
    int result = line == NULL ? -errno : 0;
    if (line != NULL) {
        qkd_gpio_copy(name, name_size, gpiod_line_name(line));
        qkd_gpio_copy(consumer, consumer_size, gpiod_line_consumer(line));
        *is_used = gpiod_line_is_used(line);
        *is_output = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
    }
    gpiod_chip_close(chip);
    return result;
}

static int request(
    const char *path, const uint32_t *offsets, size_t count, const struct gpiod_line_request_config *config,
    const int *values, qkd_gpio_lines **lines
) {
    if (count == 0 || count > GPIOD_LINE_BULK_MAX_LINES) return -EINVAL;
    struct qkd_gpio_lines *made = calloc(1, sizeof *made);
    if (made == NULL) return -ENOMEM;
    made->chip = gpiod_chip_open(path);
    if (made->chip == NULL) {
        int failure = -errno;
        free(made);
        return failure;
    }
    gpiod_line_bulk_init(&made->bulk);
    for (size_t index = 0; index < count; index++) {
        struct gpiod_line *line = gpiod_chip_get_line(made->chip, offsets[index]);
        if (line == NULL) goto failed;
        gpiod_line_bulk_add(&made->bulk, line);
    }
    if (gpiod_line_request_bulk(&made->bulk, config, values) < 0) goto failed;
    *lines = made;
    return 0;
failed:;
    int failure = -errno;
    gpiod_chip_close(made->chip);
    free(made);
    return failure;
}

int qkd_gpio_outputs(
    const char *path, const uint32_t *offsets, const int *values, size_t count, const char *consumer,
    qkd_gpio_lines **lines
) {
    struct gpiod_line_request_config config = {consumer, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, 0};
    return request(path, offsets, count, &config, values, lines);
}

int qkd_gpio_inputs(
    const char *path, const uint32_t *offsets, size_t count, const char *consumer, qkd_gpio_lines **lines
) {
    struct gpiod_line_request_config config = {consumer, GPIOD_LINE_REQUEST_DIRECTION_INPUT, 0};
    return request(path, offsets, count, &config, NULL, lines);
}

int qkd_gpio_watch(
    const char *path, const uint32_t *offsets, size_t count, int edges, size_t buffer, const char *consumer,
    qkd_gpio_lines **lines
) {
    (void)buffer;  // 1.x has none but the kernel's
    int kind = edges == QKD_GPIO_RISING    ? GPIOD_LINE_REQUEST_EVENT_RISING_EDGE
               : edges == QKD_GPIO_FALLING ? GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE
                                           : GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
    struct gpiod_line_request_config config = {consumer, kind, 0};
    return request(path, offsets, count, &config, NULL, lines);
}

int qkd_gpio_set(qkd_gpio_lines *lines, const int *values) {
    return gpiod_line_set_value_bulk(&lines->bulk, values) < 0 ? -errno : 0;
}

int qkd_gpio_get(qkd_gpio_lines *lines, int *values) {
    return gpiod_line_get_value_bulk(&lines->bulk, values) < 0 ? -errno : 0;
}

int qkd_gpio_edges(qkd_gpio_lines *lines, int timeout_ms, qkd_gpio_edge *edges, size_t limit) {
    unsigned count = gpiod_line_bulk_num_lines(&lines->bulk);
    struct pollfd files[GPIOD_LINE_BULK_MAX_LINES];
    for (unsigned index = 0; index < count; index++) {
        int fd = gpiod_line_event_get_fd(gpiod_line_bulk_get_line(&lines->bulk, index));
        if (fd < 0) return -errno;
        files[index] = (struct pollfd){.fd = fd, .events = POLLIN | POLLPRI};
    }
    int ready = poll(files, count, timeout_ms);
    if (ready <= 0) return ready == 0 || errno == EINTR ? 0 : -errno;
    size_t found = 0;
    for (unsigned index = 0; index < count && found < limit; index++) {
        if (files[index].revents == 0) continue;
        if (files[index].revents & (POLLERR | POLLHUP | POLLNVAL)) return -ENODEV;
        struct gpiod_line_event events[16];
        size_t room = limit - found < 16 ? limit - found : 16;
        int read = gpiod_line_event_read_fd_multiple(files[index].fd, events, (unsigned)room);
        if (read < 0) return -errno;
        uint32_t offset = gpiod_line_offset(gpiod_line_bulk_get_line(&lines->bulk, index));
        for (int each = 0; each < read; each++) {
            edges[found++] = (qkd_gpio_edge){
                .time_ns = (uint64_t)events[each].ts.tv_sec * 1000000000u + (uint64_t)events[each].ts.tv_nsec,
                .offset = offset,
                .is_rising = events[each].event_type == GPIOD_LINE_EVENT_RISING_EDGE,
            };
        }
    }
    return (int)found;
}

void qkd_gpio_release(qkd_gpio_lines *lines) {
    if (lines == NULL) return;
    gpiod_line_release_bulk(&lines->bulk);
    gpiod_chip_close(lines->chip);
    free(lines);
}

#endif
