#include "gpio_text.h"
#include "qkd_gpio.h"

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>

#ifndef GPIOD_LINE_BULK_MAX_LINES

struct qkd_gpio_lines {
    struct gpiod_line_request *request;
    struct gpiod_edge_event_buffer *events;
    size_t count;
};

int qkd_gpio_major(void) { return 2; }

const char *qkd_gpio_version(void) { return gpiod_api_version(); }

int qkd_gpio_chip(const char *path, char *name, size_t name_size, char *label, size_t label_size, uint32_t *lines) {
    struct gpiod_chip *chip = gpiod_chip_open(path);
    if (chip == NULL) return -errno;
    struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
    int result = info == NULL ? -errno : 0;
    if (info != NULL) {
        qkd_gpio_copy(name, name_size, gpiod_chip_info_get_name(info));
        qkd_gpio_copy(label, label_size, gpiod_chip_info_get_label(info));
        *lines = (uint32_t)gpiod_chip_info_get_num_lines(info);
        gpiod_chip_info_free(info);
    }
    gpiod_chip_close(chip);
    return result;
}

int qkd_gpio_line(
    const char *path, uint32_t offset, char *name, size_t name_size, char *consumer, size_t consumer_size,
    int *is_used, int *is_output
) {
    struct gpiod_chip *chip = gpiod_chip_open(path);
    if (chip == NULL) return -errno;
    struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
    int result = info == NULL ? -errno : 0;
    if (info != NULL) {
        qkd_gpio_copy(name, name_size, gpiod_line_info_get_name(info));
        qkd_gpio_copy(consumer, consumer_size, gpiod_line_info_get_consumer(info));
        *is_used = gpiod_line_info_is_used(info);
        *is_output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
        gpiod_line_info_free(info);
    }
    gpiod_chip_close(chip);
    return result;
}

static int request(
    const char *path, const uint32_t *offsets, size_t count, struct gpiod_line_settings *settings, const int *values,
    size_t buffer, const char *consumer, qkd_gpio_lines **lines
) {
    if (count == 0 || count > 64) return -EINVAL;
    int result = -ENOMEM;
    struct qkd_gpio_lines *made = calloc(1, sizeof *made);
    struct gpiod_line_config *config = gpiod_line_config_new();
    struct gpiod_request_config *facts = gpiod_request_config_new();
    struct gpiod_chip *chip = NULL;
    if (made == NULL || settings == NULL || config == NULL || facts == NULL) goto done;
    result = 0;
    if (gpiod_line_config_add_line_settings(config, offsets, count, settings) < 0) result = -errno;
    if (result == 0 && values != NULL) {
        enum gpiod_line_value first[64];
        for (size_t index = 0; index < count; index++)
            first[index] = values[index] ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
        if (gpiod_line_config_set_output_values(config, first, count) < 0) result = -errno;
    }
    if (result < 0) goto done;
    gpiod_request_config_set_consumer(facts, consumer);
    if (buffer > 0) gpiod_request_config_set_event_buffer_size(facts, buffer);
    chip = gpiod_chip_open(path);
    if (chip == NULL) {
        result = -errno;
        goto done;
    }
    made->request = gpiod_chip_request_lines(chip, facts, config);
    if (made->request == NULL) {
        result = -errno;
        goto done;
    }
    made->count = count;
    if (buffer > 0) {
        made->events = gpiod_edge_event_buffer_new(64);
        if (made->events == NULL) {
            gpiod_line_request_release(made->request);
            result = -ENOMEM;
        }
    }
done:
    if (chip != NULL) gpiod_chip_close(chip);
    if (facts != NULL) gpiod_request_config_free(facts);
    if (config != NULL) gpiod_line_config_free(config);
    if (settings != NULL) gpiod_line_settings_free(settings);
    if (result == 0) *lines = made;
    else free(made);
    return result;
}

int qkd_gpio_outputs(
    const char *path, const uint32_t *offsets, const int *values, size_t count, const char *consumer,
    qkd_gpio_lines **lines
) {
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (settings != NULL) gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
    return request(path, offsets, count, settings, values, 0, consumer, lines);
}

int qkd_gpio_inputs(
    const char *path, const uint32_t *offsets, size_t count, const char *consumer, qkd_gpio_lines **lines
) {
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (settings != NULL) gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
    return request(path, offsets, count, settings, NULL, 0, consumer, lines);
}

int qkd_gpio_watch(
    const char *path, const uint32_t *offsets, size_t count, int edges, size_t buffer, const char *consumer,
    qkd_gpio_lines **lines
) {
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (settings != NULL) {
        gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
        gpiod_line_settings_set_edge_detection(
            settings, edges == QKD_GPIO_RISING    ? GPIOD_LINE_EDGE_RISING
                      : edges == QKD_GPIO_FALLING ? GPIOD_LINE_EDGE_FALLING
                                                  : GPIOD_LINE_EDGE_BOTH);
    }
    return request(path, offsets, count, settings, NULL, buffer > 0 ? buffer : 1024, consumer, lines);
}

int qkd_gpio_set(qkd_gpio_lines *lines, const int *values) {
    enum gpiod_line_value next[64];
    for (size_t index = 0; index < lines->count; index++)
        next[index] = values[index] ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    return gpiod_line_request_set_values(lines->request, next) < 0 ? -errno : 0;
}

int qkd_gpio_get(qkd_gpio_lines *lines, int *values) {
    enum gpiod_line_value now[64];
    if (gpiod_line_request_get_values(lines->request, now) < 0) return -errno;
    for (size_t index = 0; index < lines->count; index++) values[index] = now[index] == GPIOD_LINE_VALUE_ACTIVE;
    return 0;
}

int qkd_gpio_edges(qkd_gpio_lines *lines, int timeout_ms, qkd_gpio_edge *edges, size_t limit) {
    int ready = gpiod_line_request_wait_edge_events(lines->request, (int64_t)timeout_ms * 1000000);
    if (ready <= 0) return ready == 0 || errno == EINTR ? 0 : -errno;
    int read = gpiod_line_request_read_edge_events(lines->request, lines->events, limit < 64 ? limit : 64);
    if (read < 0) return -errno;
    for (int index = 0; index < read; index++) {
        struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(lines->events, (unsigned long)index);
        edges[index] = (qkd_gpio_edge){
            .time_ns = gpiod_edge_event_get_timestamp_ns(event),
            .offset = gpiod_edge_event_get_line_offset(event),
            .is_rising = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
            .sequence = (uint32_t)gpiod_edge_event_get_global_seqno(event),
            .line_sequence = (uint32_t)gpiod_edge_event_get_line_seqno(event),
        };
    }
    return read;
}

void qkd_gpio_release(qkd_gpio_lines *lines) {
    if (lines == NULL) return;
    if (lines->events != NULL) gpiod_edge_event_buffer_free(lines->events);
    gpiod_line_request_release(lines->request);
    free(lines);
}

#endif
