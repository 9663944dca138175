// The talk with the outside; gpio_shim.c says what is said. One thread a connection receives, and sends what did not
// go at once: an output never waits for a reader.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gpio_model.h"

struct talk {
    int fd, wake;
    char *unsent;
    size_t count, room;
};

static struct talk *current;

static void send_unsent(struct talk *talk) {
    while (talk->count > 0) {
        ssize_t sent = send(talk->fd, talk->unsent, talk->count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0) return;
        talk->count -= (size_t)sent;
        memmove(talk->unsent, talk->unsent + sent, talk->count);
    }
}

static void tell(struct talk *talk, const char *text) {
    size_t length = strlen(text);
    if (talk->count + length > talk->room) {
        size_t room = 2 * (talk->count + length);
        char *larger = realloc(talk->unsent, room);
        if (larger == NULL) return;
        talk->unsent = larger;
        talk->room = room;
    }
    memcpy(talk->unsent + talk->count, text, length);
    talk->count += length;
    send_unsent(talk);
    if (talk->count > 0) eventfd_write(talk->wake, 1);
}

void gpio_control_tell(const char *text) {
    if (current != NULL) tell(current, text);
}

static void hear(struct talk *talk, const char *text) {
    unsigned line;
    int level, result = -EINVAL;
    char end, reply[80];
    if (sscanf(text, "drive %u %d %c", &line, &level, &end) == 2 && (level == 0 || level == 1)) {
        result = gpio_drive(line, level);
    } else if (sscanf(text, "sense %u %c", &line, &end) == 1 && (result = gpio_sense(line)) >= 0) {
        snprintf(reply, sizeof reply, "%u %d\n", line, result);
        tell(talk, reply);
    }
    if (result >= 0) return;
    snprintf(reply, sizeof reply, "error %s\n", result == -ENOENT ? "no such line" : "not understood");
    tell(talk, reply);
}

static void *converse(void *argument) {
    struct talk *talk = argument;
    char text[256];
    size_t count = 0;
    for (;;) {
        pthread_mutex_lock(&gpio_lock);
        struct pollfd polls[2] = {{talk->fd, POLLIN | (talk->count > 0 ? POLLOUT : 0), 0}, {talk->wake, POLLIN, 0}};
        pthread_mutex_unlock(&gpio_lock);
        if (poll(polls, 2, -1) < 0 && errno != EINTR) break;
        eventfd_t ignored;
        if (polls[1].revents & POLLIN) eventfd_read(talk->wake, &ignored);
        ssize_t got = recv(talk->fd, text + count, sizeof text - count, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
        pthread_mutex_lock(&gpio_lock);
        send_unsent(talk);
        count += got > 0 ? (size_t)got : 0;
        for (char *end; (end = memchr(text, '\n', count)) != NULL;) {
            *end = 0;
            hear(talk, text);
            count -= (size_t)(end + 1 - text);
            memmove(text, end + 1, count);
        }
        pthread_mutex_unlock(&gpio_lock);
        if (count == sizeof text) break;
    }
    pthread_mutex_lock(&gpio_lock);
    if (current == talk) current = NULL;
    pthread_mutex_unlock(&gpio_lock);
    close(talk->fd);
    close(talk->wake);
    free(talk->unsent);
    free(talk);
    return NULL;
}

void gpio_control_connect(void) {
    const char *path = getenv("QKD_GPIO_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char byte;
    if (current != NULL && recv(current->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) current = NULL;
    if (current != NULL || path == NULL || strlen(path) >= sizeof address.sun_path) return;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct talk *talk = calloc(1, sizeof *talk);
    if (fd < 0 || talk == NULL || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (fd >= 0) close(fd);
        free(talk);
        return;
    }
    *talk = (struct talk){.fd = fd, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    current = talk;
    // The program's signals are not this thread's.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    if (pthread_create(&thread, NULL, converse, talk) == 0) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
