#define _GNU_SOURCE
#include "gpio_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { V1_EVENTS = 16, UNDRIVEN = -1 };

#define BIAS (GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN | GPIO_V2_LINE_FLAG_BIAS_DISABLED)
#define EDGES (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)
#define DRIVES (GPIO_V2_LINE_FLAG_OPEN_DRAIN | GPIO_V2_LINE_FLAG_OPEN_SOURCE)
#define DIRECTIONS (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_OUTPUT)

struct line {
    bool output;
    int latch, outside;  // levels on the pin
    uint64_t flags;      // GPIO_V2_LINE_FLAG_..., without direction and `used`
    uint32_t debounce_us;
    char consumer[GPIO_MAX_NAME_SIZE];
    struct gpio_request *holder;
};

pthread_mutex_t gpio_lock = PTHREAD_MUTEX_INITIALIZER;
static struct line lines[GPIO_MOST_LINES];
static struct gpio_request *requests;

uint32_t gpio_line_count(void) {
    static uint32_t count;
    if (count == 0) {
        const char *text = getenv("QKD_GPIO_LINES");
        unsigned long wanted = text != NULL ? strtoul(text, NULL, 10) : 24;
        count = wanted >= 1 && wanted <= GPIO_MOST_LINES ? (uint32_t)wanted : 24;
        for (uint32_t i = 0; i < count; i++) lines[i].outside = UNDRIVEN;
    }
    return count;
}

// MARK: levels and edges

static int level(const struct line *line) {
    if (line->output) return line->latch;
    if (line->outside != UNDRIVEN) return line->outside;
    return (line->flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) != 0;
}

static bool inverted(const struct line *line) { return (line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0; }

static void set_output(uint32_t number, bool active) {
    struct line *line = &lines[number];
    int value = active != inverted(line);
    bool change = !line->output || line->latch != value;
    line->output = true;
    line->latch = value;
    char text[40];
    snprintf(text, sizeof text, "set %u %d\n", number, value);
    if (change) gpio_control_tell(text);
}

static void put_event(struct gpio_request *request, uint32_t index, bool rising) {
    struct timespec now;
    const struct line *line = &lines[request->lines[index]];
    clock_gettime(line->flags & GPIO_V2_LINE_FLAG_EVENT_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    struct gpio_event event = {
        .time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
        .id = rising ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE,
        .line = request->lines[index], .seqno = ++request->seqno, .line_seqno = ++request->line_seqno[index],
    };
    if (request->held == request->room) {
        if (request->version == 1) return;  // v1 loses the newest event, v2 the oldest
        request->first = (request->first + 1) % request->room;
        request->held--;
    }
    request->events[(request->first + request->held++) % request->room] = event;
    if (request->held == 1) eventfd_write(request->fd, 1);
}

int gpio_drive(uint32_t number, int value) {
    if (number >= gpio_line_count()) return -ENOENT;
    struct line *line = &lines[number];
    int before = level(line);
    line->outside = value;
    struct gpio_request *request = line->holder;
    if (level(line) == before || request == NULL || request->events == NULL) return 0;
    bool rising = (level(line) != 0) != inverted(line);
    if (!(line->flags & (rising ? GPIO_V2_LINE_FLAG_EDGE_RISING : GPIO_V2_LINE_FLAG_EDGE_FALLING))) return 0;
    for (uint32_t i = 0; i < request->count; i++)
        if (request->lines[i] == number) put_event(request, i, rising);
    return 0;
}

int gpio_sense(uint32_t number) { return number < gpio_line_count() ? level(&lines[number]) : -ENOENT; }

ssize_t gpio_take_events(struct gpio_request *request, void *bytes, size_t count) {
    size_t size = request->version == 1 ? sizeof(struct gpioevent_data) : sizeof(struct gpio_v2_line_event);
    if (request->events == NULL || count < size) return -EINVAL;
    size_t taken = 0;
    while (request->held > 0 && taken + size <= count) {
        const struct gpio_event *e = &request->events[request->first];
        const struct gpioevent_data one = {.timestamp = e->time_ns, .id = e->id};
        const struct gpio_v2_line_event two = {.timestamp_ns = e->time_ns, .id = e->id, .offset = e->line,
                                               .seqno = e->seqno, .line_seqno = e->line_seqno};
        memcpy((char *)bytes + taken, request->version == 1 ? (const void *)&one : &two, size);
        request->first = (request->first + 1) % request->room;
        taken += size;
        eventfd_t ignored;
        if (--request->held == 0) eventfd_read(request->fd, &ignored);
    }
    return (ssize_t)taken;
}

// MARK: requests

static int check_flags(uint64_t flags) {
    uint64_t bias = flags & BIAS;
    if ((flags & DIRECTIONS) == DIRECTIONS || (flags & DRIVES) == DRIVES || (bias & (bias - 1)) != 0) return -EINVAL;
    if ((flags & EDGES) && !(flags & GPIO_V2_LINE_FLAG_INPUT)) return -EINVAL;
    if ((flags & DRIVES) && !(flags & GPIO_V2_LINE_FLAG_OUTPUT)) return -EINVAL;
    if (bias != 0 && !(flags & DIRECTIONS)) return -EINVAL;
    return flags & GPIO_V2_LINE_FLAG_USED ? -EINVAL : 0;
}

static void configure(uint32_t number, uint64_t flags, bool active) {
    struct line *line = &lines[number];
    line->flags = flags & ~DIRECTIONS;
    if (flags & GPIO_V2_LINE_FLAG_OUTPUT) set_output(number, active);
    else if (flags & GPIO_V2_LINE_FLAG_INPUT) line->output = false;
}

static int take_lines(int version, const uint32_t *numbers, uint32_t count, const char *consumer, uint32_t room,
                      struct gpio_request **made) {
    if (count == 0 || count > GPIO_V2_LINES_MAX) return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        if (numbers[i] >= gpio_line_count()) return -EINVAL;
        if (lines[numbers[i]].holder != NULL) return -EBUSY;
        for (uint32_t j = 0; j < i; j++)
            if (numbers[j] == numbers[i]) return -EBUSY;
    }
    struct gpio_request *request = calloc(1, sizeof *request);
    if (request == NULL) return -ENOMEM;
    request->fd = eventfd(0, EFD_CLOEXEC);  // blocks, as the kernel's line files do
    if (request->fd < 0) {
        free(request);
        return -EMFILE;
    }
    request->events = room > 0 ? calloc(room, sizeof *request->events) : NULL;
    request->room = room;
    request->version = version;
    request->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct line *line = &lines[request->lines[i] = numbers[i]];
        line->holder = request;
        line->flags = line->debounce_us = 0;
        snprintf(line->consumer, sizeof line->consumer, "%.*s", GPIO_MAX_NAME_SIZE - 1, consumer);
    }
    request->next = requests;
    requests = *made = request;
    return 0;
}

void gpio_release(struct gpio_request *request) {
    struct gpio_request **at = &requests;
    while (*at != request) at = &(*at)->next;
    *at = request->next;
    for (uint32_t i = 0; i < request->count; i++) {
        struct line *line = &lines[request->lines[i]];
        line->holder = NULL;  // direction and level stay, as on most chips
        line->flags = line->debounce_us = 0;
        line->consumer[0] = 0;
    }
    free(request->events);
    free(request);
}

struct gpio_request *gpio_find(int fd) {
    struct gpio_request *at = requests;
    while (at != NULL && at->fd != fd) at = at->next;
    return at;
}

// MARK: uAPI v2

static uint64_t attribute(const struct gpio_v2_line_config *config, uint32_t id, uint32_t index, uint64_t otherwise) {
    for (uint32_t i = 0; i < config->num_attrs; i++) {
        const struct gpio_v2_line_config_attribute *a = &config->attrs[i];
        if (a->attr.id != id || !(a->mask >> index & 1)) continue;
        if (id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE) return a->attr.debounce_period_us;
        return id == GPIO_V2_LINE_ATTR_ID_FLAGS ? a->attr.flags : a->attr.values >> index & 1;
    }
    return otherwise;
}

static int check_config(const struct gpio_v2_line_config *config, uint32_t count) {
    int result = config->num_attrs > GPIO_V2_LINE_NUM_ATTRS_MAX ? -EINVAL : 0;
    for (uint32_t i = 0; i < count && result == 0; i++)
        result = check_flags(attribute(config, GPIO_V2_LINE_ATTR_ID_FLAGS, i, config->flags));
    return result;
}

static void apply_config(struct gpio_request *request, const struct gpio_v2_line_config *config) {
    for (uint32_t i = 0; i < request->count; i++) {
        configure(request->lines[i], attribute(config, GPIO_V2_LINE_ATTR_ID_FLAGS, i, config->flags),
                  attribute(config, GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, i, 0) != 0);
        lines[request->lines[i]].debounce_us = (uint32_t)attribute(config, GPIO_V2_LINE_ATTR_ID_DEBOUNCE, i, 0);
    }
}

static int request_v2(struct gpio_v2_line_request *wanted) {
    struct gpio_request *request;
    if (wanted->num_lines == 0 || wanted->num_lines > GPIO_V2_LINES_MAX) return -EINVAL;
    int result = check_config(&wanted->config, wanted->num_lines);
    uint32_t most = GPIO_V2_LINES_MAX * 16, size = wanted->event_buffer_size, room = 1;
    if (size == 0) size = wanted->num_lines * 16;
    while (room < size && room < most) room *= 2;  // the kernel's buffers are powers of two
    if (result == 0)
        result = take_lines(2, wanted->offsets, wanted->num_lines, wanted->consumer, room, &request);
    if (result != 0) return result;
    apply_config(request, &wanted->config);
    wanted->fd = request->fd;
    return 0;
}

static int info_v2(struct gpio_v2_line_info *info) {
    uint32_t number = info->offset;
    if (number >= gpio_line_count()) return -EINVAL;
    const struct line *line = &lines[number];
    memset(info, 0, sizeof *info);
    info->offset = number;
    snprintf(info->name, sizeof info->name, "L%u", number);
    memcpy(info->consumer, line->consumer, sizeof info->consumer);
    info->flags = line->flags | (line->output ? GPIO_V2_LINE_FLAG_OUTPUT : GPIO_V2_LINE_FLAG_INPUT) |
                  (line->holder != NULL ? GPIO_V2_LINE_FLAG_USED : 0);
    if (line->debounce_us > 0) {
        info->num_attrs = 1;
        info->attrs[0].id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
        info->attrs[0].debounce_period_us = line->debounce_us;
    }
    return 0;
}

static int values_v2(struct gpio_request *request, struct gpio_v2_line_values *values, bool set) {
    uint64_t bits = 0, known = request->count == 64 ? UINT64_MAX : ((uint64_t)1 << request->count) - 1;
    if ((values->mask & known) == 0) return -EINVAL;
    for (uint32_t i = 0; set && i < request->count; i++)
        if ((values->mask >> i & 1) && !lines[request->lines[i]].output) return -EPERM;
    for (uint32_t i = 0; i < request->count; i++) {
        const struct line *line = &lines[request->lines[i]];
        if (!(values->mask >> i & 1)) continue;
        if (set) set_output(request->lines[i], values->bits >> i & 1);
        else bits |= (uint64_t)((level(line) != 0) != inverted(line)) << i;
    }
    if (!set) values->bits = bits;
    return 0;
}

// MARK: uAPI v1, in terms of v2

static uint64_t flags_from_v1(uint32_t v1) {
    // Input, output, active low, open drain, open source, pull up, pull down, no bias: bits 0 to 7 in this order.
    static const uint64_t names[] = {
        GPIO_V2_LINE_FLAG_INPUT, GPIO_V2_LINE_FLAG_OUTPUT, GPIO_V2_LINE_FLAG_ACTIVE_LOW,
        GPIO_V2_LINE_FLAG_OPEN_DRAIN, GPIO_V2_LINE_FLAG_OPEN_SOURCE, GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
        GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN, GPIO_V2_LINE_FLAG_BIAS_DISABLED};
    uint64_t flags = 0;
    for (int i = 0; i < 8; i++)
        if (v1 >> i & 1) flags |= names[i];
    return v1 >> 8 != 0 ? GPIO_V2_LINE_FLAG_USED : flags;  // refused by check_flags
}

static int info_v1(struct gpioline_info *info) {
    uint32_t number = info->line_offset;
    if (number >= gpio_line_count()) return -EINVAL;
    const struct line *line = &lines[number];
    memset(info, 0, sizeof *info);
    info->line_offset = number;
    snprintf(info->name, sizeof info->name, "L%u", number);
    memcpy(info->consumer, line->consumer, sizeof info->consumer);
    info->flags = (line->holder != NULL ? GPIOLINE_FLAG_KERNEL : 0) | (line->output ? GPIOLINE_FLAG_IS_OUT : 0);
    for (int i = 2; i < 8; i++)
        if (line->flags & flags_from_v1(1u << i)) info->flags |= 1u << i;
    return 0;
}

static int request_v1(struct gpiohandle_request *wanted) {
    struct gpio_request *request;
    uint64_t flags = flags_from_v1(wanted->flags);
    int result = check_flags(flags);
    if (result == 0)
        result = take_lines(1, wanted->lineoffsets, wanted->lines, wanted->consumer_label, 0, &request);
    if (result != 0) return result;
    for (uint32_t i = 0; i < request->count; i++) configure(request->lines[i], flags, wanted->default_values[i] != 0);
    wanted->fd = request->fd;
    return 0;
}

static int event_v1(struct gpioevent_request *wanted) {
    struct gpio_request *request;
    uint64_t flags = flags_from_v1(wanted->handleflags) | GPIO_V2_LINE_FLAG_INPUT;
    if (wanted->eventflags & GPIOEVENT_REQUEST_RISING_EDGE) flags |= GPIO_V2_LINE_FLAG_EDGE_RISING;
    if (wanted->eventflags & GPIOEVENT_REQUEST_FALLING_EDGE) flags |= GPIO_V2_LINE_FLAG_EDGE_FALLING;
    int result = wanted->eventflags & ~GPIOEVENT_REQUEST_BOTH_EDGES ? -EINVAL : check_flags(flags);
    if (result == 0) result = take_lines(1, &wanted->lineoffset, 1, wanted->consumer_label, V1_EVENTS, &request);
    if (result != 0) return result;
    configure(request->lines[0], flags, false);
    wanted->fd = request->fd;
    return 0;
}

static int values_v1(struct gpio_request *request, struct gpiohandle_data *data, bool set) {
    struct gpio_v2_line_values values = {.mask = UINT64_MAX};
    for (uint32_t i = 0; i < request->count; i++)
        if (data->values[i] != 0) values.bits |= (uint64_t)1 << i;
    int result = values_v2(request, &values, set);
    for (uint32_t i = 0; result == 0 && !set && i < request->count; i++) data->values[i] = values.bits >> i & 1;
    return result;
}

static int configure_v1(struct gpio_request *request, const struct gpiohandle_config *config) {
    uint64_t flags = flags_from_v1(config->flags);
    int result = request->events != NULL ? -EINVAL : check_flags(flags);
    for (uint32_t i = 0; result == 0 && i < request->count; i++)
        configure(request->lines[i], flags, config->default_values[i] != 0);
    return result;
}

// MARK: ioctls

int gpio_chip_ioctl(unsigned long code, void *argument) {
    switch (code) {
    case GPIO_GET_CHIPINFO_IOCTL:
        *(struct gpiochip_info *)argument =
            (struct gpiochip_info){.name = GPIO_CHIP, .label = "qkd-lines", .lines = gpio_line_count()};
        return 0;
    case GPIO_GET_LINEINFO_IOCTL: return info_v1(argument);
    case GPIO_GET_LINEHANDLE_IOCTL: return request_v1(argument);
    case GPIO_GET_LINEEVENT_IOCTL: return event_v1(argument);
    case GPIO_V2_GET_LINEINFO_IOCTL: return info_v2(argument);
    case GPIO_V2_GET_LINE_IOCTL: return request_v2(argument);
    default: return -ENOTTY;  // watching line infos
    }
}

int gpio_request_ioctl(struct gpio_request *request, unsigned long code, void *argument) {
    bool v1 = request->version == 1;
    if (v1 && code == GPIOHANDLE_GET_LINE_VALUES_IOCTL) return values_v1(request, argument, false);
    if (v1 && code == GPIOHANDLE_SET_LINE_VALUES_IOCTL) return values_v1(request, argument, true);
    if (v1 && code == GPIOHANDLE_SET_CONFIG_IOCTL) return configure_v1(request, argument);
    if (!v1 && code == GPIO_V2_LINE_GET_VALUES_IOCTL) return values_v2(request, argument, false);
    if (!v1 && code == GPIO_V2_LINE_SET_VALUES_IOCTL) return values_v2(request, argument, true);
    if (!v1 && code == GPIO_V2_LINE_SET_CONFIG_IOCTL) {
        int result = check_config(argument, request->count);
        if (result == 0) apply_config(request, argument);
        return result;
    }
    return -ENOTTY;
}
