#ifndef QKD_GPIO_TEXT_H
#define QKD_GPIO_TEXT_H

#include <stddef.h>
#include <string.h>

// Copies a text, which may be missing, and cuts it where there is no more room.
static inline void qkd_gpio_copy(char *target, size_t size, const char *text) {
    if (size == 0) return;
    strncpy(target, text != NULL ? text : "", size - 1);
    target[size - 1] = 0;
}

#endif
